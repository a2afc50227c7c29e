/** Shared by the page's two scripts: the reader of QR codes, which the first puts there for the second. */
declare var readQr: (pixels: Uint8ClampedArray, width: number, height: number) => Uint8Array | null;

/** Written in by the build. */
declare const VERSION: string;
