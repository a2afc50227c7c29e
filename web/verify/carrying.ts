/** Files out of QR codes, pictures and the camera (docs/spec/compact.md). */

import { expand, Gathering, InputError, type Inflate } from "../core/index.js";

const MAX_SIDE = 2400;

/** The code holds something else than a file of ours; `start` is how it begins. */
export class OtherCode extends Error {
  constructor(readonly start: string) {
    super(start);
  }
}

/** The bytes of the code in a picture, or null where there is none. */
export async function readPicture(picture: Blob): Promise<Uint8Array | null> {
  const bitmap = await createImageBitmap(picture);
  const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
  return readFrame(bitmap, Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale)));
}

/** The bytes of the code in a frame, or null where there is none. */
export function readFrame(frame: CanvasImageSource, width: number, height: number): Uint8Array | null {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) return null;
  context.drawImage(frame, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return globalThis.readQr(data, width, height);
}

/** Codes as they are read: the file once all of its codes are there, till then null. Rejects with `OtherCode`. */
export async function gather(codes: Gathering, code: Uint8Array): Promise<Uint8Array | null> {
  const text = new TextDecoder().decode(code);
  try {
    const whole = codes.add(text);
    return whole === null ? null : await expand(whole, inflate);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new OtherCode(text.slice(0, 40));
  }
}

/** Decompressed up to a limit: a code that swells further is refused early. */
const inflate: Inflate = async (data, limit) => {
  const stream = new Blob([data.slice()]).stream().pipeThrough(new DecompressionStream("deflate"));
  const reader = stream.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(parts).arrayBuffer());
    size += value.length;
    if (size > limit) {
      await reader.cancel();
      throw new RangeError("too large");
    }
    parts.push(value as Uint8Array<ArrayBuffer>);
  }
};
