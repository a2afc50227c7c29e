/** How a file comes in: dropped, chosen, pasted, or out of a QR code. Every way ends in `got(bytes, name)`. */

import { Gathering } from "../core/index.js";
import { MAX_BYTES } from "../core/json.js";
import { gather, OtherCode, readFrame, readPicture } from "./carrying.js";
import { displayText } from "./content.js";
import { byId, tell } from "./dom.js";
import { t } from "./language.js";

export type Got = (data: Uint8Array, name: string | null) => void;

const FRAME_PAUSE = 200;
/** The camera on the back, and a picture in which a dense code can be read. */
const SHARP = { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } };

const problem = (sentence: string | null): void => tell(byId("input-problem"), sentence);

/** Wire up all ways in. */
export function startInput(got: Got): void {
  const take = (data: Uint8Array, name: string | null): void => {
    problem(null);
    got(data, name);
  };
  startFiles(take);
  byId("paste-check").addEventListener("click", () => takeSized(new TextEncoder().encode(byId<HTMLTextAreaElement>("paste").value), null, take));
  byId("qr-image").addEventListener("change", () => void fromPictures(take));
  startCamera(take);
}

function takeSized(data: Uint8Array, name: string | null, take: Got): void {
  if (data.length > MAX_BYTES) return problem(t("page.too_large", { size: data.length }));
  take(data, name);
}

function startFiles(take: Got): void {
  const input = byId<HTMLInputElement>("file");
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    input.value = "";
    if (files.length) void fromFiles(files, take);
  });
  const drop = byId("drop");
  // Anywhere on the page: a file that misses the field must not replace the page.
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => event.relatedTarget === null && drop.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length) void fromFiles(files, take);
  });
}

async function fromFiles(files: readonly File[], take: Got): Promise<void> {
  const [file] = files;
  if (!file || files.length > 1) return problem(t("page.several"));
  if (file.size > MAX_BYTES) return problem(t("page.too_large", { size: file.size }));
  try {
    take(new Uint8Array(await file.arrayBuffer()), file.name);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    problem(t("page.unreadable", { problem: error.name }));
  }
}

/** Codes that were read so far: a file may need several. */
const codes = new Gathering();

async function fromPictures(take: Got): Promise<void> {
  const input = byId<HTMLInputElement>("qr-image");
  const pictures = [...(input.files ?? [])];
  input.value = "";
  for (const picture of pictures) {
    const code = await readPicture(picture).catch(() => null);
    if (code === null) return problem(t("page.qr_none"));
    if (await fromCode(code, take)) return;
  }
}

/** True where the file is complete, or the code is none of ours: there is no more to wait for. */
async function fromCode(code: Uint8Array, take: Got): Promise<boolean> {
  try {
    const file = await gather(codes, code);
    problem(null);
    byId("camera-status").textContent = file === null ? t("page.qr_more", { have: codes.have, count: codes.count }) : "";
    if (file !== null) take(file, null);
    return file !== null;
  } catch (error) {
    if (!(error instanceof OtherCode)) throw error;
    problem(t("page.qr_other", { start: displayText(error.start, 40) ?? "…" }));
    return true;
  }
}

/** The camera runs only while the user wants it: from the button to a code, the button again, or Escape. */
function startCamera(take: Got): void {
  const [button, video, status] = [byId("camera"), byId<HTMLVideoElement>("video"), byId("camera-status")];
  let stream: MediaStream | null = null;
  const stop = (): void => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.hidden = true;
    button.textContent = t("page.camera");
    status.textContent = "";
  };
  const look = async (): Promise<void> => {
    if (stream === null) return;
    const code = video.videoWidth > 0 ? readFrame(video, video.videoWidth, video.videoHeight) : null;
    if (code !== null && (await fromCode(code, take))) return stop();
    setTimeout(() => void look(), FRAME_PAUSE);
  };
  let asking = false;
  const start = async (): Promise<void> => {
    if (asking) return;
    asking = true;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: SHARP });
    } catch {
      status.textContent = t("page.camera_denied");
      return;
    } finally {
      asking = false;
    }
    button.textContent = t("page.camera_stop");
    status.textContent = t("page.camera_running");
    video.srcObject = stream;
    video.hidden = false;
    await video.play().catch(() => undefined); // stopped before the first picture: `look` sees it
    void look();
  };
  button.addEventListener("click", () => (stream === null ? void start() : stop()));
  document.addEventListener("keydown", (event) => event.key === "Escape" && stream !== null && stop());
  byId("qr-part").addEventListener("toggle", () => !byId<HTMLDetailsElement>("qr-part").open && stop());
}
