/** The reader of QR codes, a script of its own: the verifier does not need it. */

import jsQR from "jsqr";

globalThis.readQr = (pixels, width, height) => {
  const found = jsQR(pixels, width, height);
  return found === null ? null : Uint8Array.from(found.binaryData);
};
