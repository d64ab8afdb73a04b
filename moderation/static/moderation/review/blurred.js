// @ts-check
/**
 * Blurred copies of pictures, drawn small and ahead of time. A CSS filter blurs a large picture again in
 * every frame that shows it, which is most of what a key press would cost on a machine without a GPU.
 */

import { make } from "./dom.js";

/** The blur of the copy in its own pixels: less would show the pixels once it is stretched. */
const SIGMA = 4;

/** Drawn on again and again; setting its size empties it. */
const canvas = make("canvas");
const context = canvas.getContext("2d", { willReadFrequently: true });
const works = givesBack("#123456", [0x12, 0x34, 0x56]);

/**
 * Whether what was drawn can be had again. A browser that hides from fingerprinting gives back noise, which
 * would look like any blurred picture. @param {string} colour @param {number[]} bytes
 */
function givesBack(colour, bytes) {
  if (!context || !("filter" in context)) return false;
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const { data } = context.getImageData(0, 0, 1, 1);
  return bytes.every((byte, at) => byte === data[at]);
}

/**
 * An image and not the canvas: the browser gives each canvas a layer of its own, which every frame pays for.
 * @param {HTMLImageElement} image decoded
 * @param {{width: number, height: number, blur: number, grey: boolean}} shown its size on the page and veil
 * @returns {Promise<HTMLImageElement | null>} decoded; null where the browser cannot: the CSS filter does it then
 */
export async function blurredCopy(image, { width, height, blur, grey }) {
  if (!context || !works) return null;
  const scale = Math.min(1, SIGMA / blur);
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const { x, y, w, h } = cover(image, canvas);
  context.filter = `blur(${blur * scale}px) grayscale(${grey ? 1 : 0})`;
  // Once larger beneath, so that the edges do not fade into the ground.
  context.drawImage(image, x - SIGMA * 2, y - SIGMA * 2, w + SIGMA * 4, h + SIGMA * 4);
  context.drawImage(image, x, y, w, h);
  const copy = make("img", { class: "blurred", alt: "", draggable: "false", decoding: "sync", src: canvas.toDataURL() });
  return copy.decode().then(() => copy, () => null);
}

/** Where the image lies to fill the canvas. @param {HTMLImageElement} image @param {HTMLCanvasElement} canvas */
function cover(image, canvas) {
  const { naturalWidth, naturalHeight } = image;
  const scale = Math.max(canvas.width / naturalWidth, canvas.height / naturalHeight);
  const [w, h] = [naturalWidth * scale, naturalHeight * scale];
  return { x: (canvas.width - w) / 2, y: (canvas.height - h) / 2, w, h };
}

/** The size of an image that fits into a box, never larger than itself. @param {HTMLImageElement} image @param {Element} box */
export function fitted({ naturalWidth, naturalHeight }, box) {
  const scale = Math.min(1, box.clientWidth / naturalWidth, box.clientHeight / naturalHeight);
  return { width: naturalWidth * scale, height: naturalHeight * scale };
}
