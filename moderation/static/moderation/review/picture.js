// @ts-check
/** One subject's picture: fetched ahead, decoded before it is needed, and how much of it was seen. */

import { blurredCopy, fitted } from "./blurred.js";
import { byId, here, make } from "./dom.js";
import { veilAt } from "./veil.js";

/** @typedef {import("./types.js").Media} Media */

const SEEN = ["none", "thumb", "blurred", "full"];

/** @param {string | undefined} mime */
function kindOf(mime) {
  if (mime?.startsWith("video/")) return "video";
  return mime?.startsWith("audio/") ? "audio" : "image";
}

export class Picture {
  /** @type {"none" | "waiting" | "loading" | "ready" | "failed"} */
  state = "none";
  /** @type {HTMLImageElement | HTMLVideoElement | HTMLAudioElement | null} */
  element = null;
  /** @type {HTMLImageElement | null} the picture as it arrives, where it arrives blurred */
  blurred = null;
  /** @type {"none" | "thumb" | "blurred" | "full"} */
  seen = "none";
  /** A clip of which only a still can be shown. */
  isStill = false;
  /** Its small picture cannot be loaded. */
  smallFailed = false;
  /** @type {Promise<void> | null} */
  #loading = null;

  /** @param {Media | null} media */
  constructor(media) {
    this.media = media;
    this.kind = kindOf(media?.mime);
    if (media?.url) this.state = "waiting";
  }

  /** Whether there is nothing to wait for: shown, failed or never there. */
  get isSettled() {
    return this.state !== "waiting" && this.state !== "loading";
  }

  /** The address of what stands for it in the strip and in the grid, "" when nothing does. */
  get small() {
    const { media } = this;
    return (media?.thumb_url ?? (this.kind === "image" ? media?.url : "")) || "";
  }

  /** Whether it was on the screen, or there is nothing that could have been. */
  get wasShown() {
    return this.seen !== "none" || !this.small || this.smallFailed;
  }

  /** Resolves when the picture is here or has failed; never rejects. */
  load() {
    if (this.state === "none") return Promise.resolve();
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load() {
    this.state = "loading";
    try {
      const { url } = this.media ?? {};
      this.element = this.kind === "image" ? await this.#image(url) : await this.#player();
      this.state = "ready";
    } catch {
      this.state = "failed";
    }
  }

  /** @param {string | null} [url] */
  async #image(url) {
    const image = make("img", { alt: "", draggable: "false", decoding: "sync" });
    image.src = here(url ?? "");
    await image.decode();
    const veil = veilAt(0);
    if (veil.blur > 0) this.blurred = await blurredCopy(image, { ...fitted(image, byId("stage")), ...veil });
    for (const layer of [image, this.blurred]) {
      layer?.style.setProperty("--w", String(image.naturalWidth));
      layer?.style.setProperty("--h", String(image.naturalHeight));
    }
    return image;
  }

  /** The clip, or its still where this browser cannot play it. */
  async #player() {
    try {
      return await this.#clip();
    } catch (error) {
      if (!this.media?.poster_url) throw error;
      this.isStill = true;
      this.kind = "image";
      return this.#image(this.media.poster_url);
    }
  }

  /** @returns {Promise<HTMLVideoElement | HTMLAudioElement>} */
  #clip() {
    const tag = this.kind === "video" ? "video" : "audio";
    const player = make(tag, { controls: true, preload: "metadata", playsinline: true });
    if (player instanceof HTMLVideoElement) {
      player.muted = player.loop = true;
      const still = this.media?.poster_url ?? this.media?.thumb_url;
      if (still) player.poster = here(still);
    }
    const ready = new Promise((resolve, reject) => {
      player.addEventListener("loadedmetadata", () => resolve(player), { once: true });
      player.addEventListener("error", reject, { once: true });
    });
    player.src = here(this.media?.url ?? "");
    return ready;
  }

  /** Decodes again what the browser may have dropped since; cheap when it has not. */
  warm() {
    if (this.element instanceof HTMLImageElement) this.element.decode().catch(() => {});
  }

  /** @param {"thumb" | "blurred" | "full"} how */
  saw(how) {
    if (SEEN.indexOf(how) > SEEN.indexOf(this.seen)) this.seen = how;
  }
}

/** Loads pictures in the order they will be looked at, few at a time: decisions go over the same line. */
export class Loader {
  #active = 0;
  /** @type {Picture[]} */
  #wanted = [];

  /** @param {(picture: Picture) => void} settled called whenever one has arrived or failed */
  constructor(settled) {
    this.settled = settled;
  }

  /** @param {Picture[]} pictures in order of need */
  want(pictures) {
    this.#wanted = pictures;
    for (const picture of pictures.slice(0, 4)) picture.warm();
    this.#fill();
  }

  #fill() {
    while (this.#active < 3) {
      const next = this.#wanted.find((picture) => picture.state === "waiting");
      if (!next) return;
      this.#active += 1;
      next.load().then(() => {
        this.#active -= 1;
        this.settled(next);
        this.#fill();
      });
    }
  }
}
