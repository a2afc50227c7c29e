/** How a file comes in: dropped, chosen, pasted, or out of a QR code. Every way begins with `begin()`. */

import { Gathering } from "../core/index.js";
import { MAX_BYTES } from "../core/json.js";
import { gather, OtherCode, readFrame, readPicture } from "./carrying.js";
import { displayText } from "./content.js";
import { byId } from "./dom.js";
import { t } from "./language.js";

/** Something that comes in: it ends in bytes, or in a sentence that says why there are none. */
export interface Incoming {
  take(data: Uint8Array, name: string | null): void;
  refuse(sentence: string): void;
}

/** Called before anything else is done: what was shown till then is of something else. */
export type Begin = () => Incoming;

const FRAME_PAUSE = 200;
/** The camera on the back, and a picture in which a dense code can be read. */
const SHARP = { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } };

/** What other files begin with: a credential is text, and never does. */
const KINDS: readonly (readonly [string, string])[] = [["%PDF-", "pdf"], ["\x89PNG", "picture"], ["\xff\xd8\xff", "picture"], ["PK", "zip"]];

/** Wire up all ways in. */
export function startInput(begin: Begin): void {
  startFiles(begin);
  byId("paste-check").addEventListener("click", () => takeSized(new TextEncoder().encode(byId<HTMLTextAreaElement>("paste").value), begin()));
  byId("qr-image").addEventListener("change", () => {
    const input = byId<HTMLInputElement>("qr-image");
    const pictures = [...(input.files ?? [])];
    input.value = "";
    if (pictures.length) void fromPictures(pictures, begin());
  });
  startCamera(begin);
}

function takeSized(data: Uint8Array, incoming: Incoming): void {
  if (data.length > MAX_BYTES) return incoming.refuse(t("page.too_large", { size: data.length }));
  incoming.take(data, null);
}

function startFiles(begin: Begin): void {
  const input = byId<HTMLInputElement>("file");
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    input.value = "";
    if (files.length) void fromFiles(files, begin);
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
    if (files.length) void fromFiles(files, begin);
  });
}

async function fromFiles(files: readonly File[], begin: Begin): Promise<void> {
  const [file] = files;
  const incoming = begin();
  if (!file || files.length > 1) return incoming.refuse(t("page.several"));
  try {
    const kind = kindOf(new Uint8Array(await file.slice(0, 8).arrayBuffer()));
    if (kind === "picture") return await fromPictures([file], incoming);
    if (kind !== null) return incoming.refuse(t(`page.is_${kind}`));
    if (file.size > MAX_BYTES) return incoming.refuse(t("page.too_large", { size: file.size }));
    incoming.take(new Uint8Array(await file.arrayBuffer()), file.name);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    incoming.refuse(t("page.unreadable", { problem: error.name }));
  }
}

function kindOf(start: Uint8Array): string | null {
  const text = String.fromCharCode(...start);
  return KINDS.find(([first]) => text.startsWith(first))?.[1] ?? null;
}

/** Codes that were read so far: a file may need several. */
const codes = new Gathering();

async function fromPictures(pictures: readonly File[], incoming: Incoming): Promise<void> {
  byId<HTMLDetailsElement>("qr-part").open = true; // there it is said how many codes are still missing
  for (const picture of pictures) {
    const code = await readPicture(picture).catch(() => null);
    if (code === null) return incoming.refuse(t("page.qr_none"));
    if (await fromCode(code, incoming)) return;
  }
}

/** True where the file is complete, or the code is none of ours: there is no more to wait for. */
async function fromCode(code: Uint8Array, incoming: Incoming): Promise<boolean> {
  try {
    const file = await gather(codes, code);
    byId("camera-status").textContent = file === null ? t("page.qr_more", { have: codes.have, count: codes.count }) : "";
    if (file !== null) incoming.take(file, null);
    return file !== null;
  } catch (error) {
    if (!(error instanceof OtherCode)) throw error;
    incoming.refuse(t("page.qr_other", { start: displayText(error.start, 40) ?? "…" }));
    return true;
  }
}

/** The camera runs only while the user wants it: from the button to a code, the button again, or Escape. */
function startCamera(begin: Begin): void {
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
    if (code !== null && (await fromCode(code, begin()))) return stop();
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
