/** Small pictures, of rectangles: Discord shows PNG, and not SVG. */
import { PNG } from "pngjs";

export type Colour = readonly [red: number, green: number, blue: number];

/** As Discord's own dark ground. */
const BACKGROUND: Colour = [43, 45, 49];

export const GREY: Colour = [96, 100, 108];
export const GREEN: Colour = [87, 191, 125];
export const RED: Colour = [237, 96, 98];
export const YELLOW: Colour = [224, 160, 48];
export const BLUE: Colour = [88, 142, 234];
export const VIOLET: Colour = [171, 118, 222];

/** From the corner at the upper left, in whole numbers. */
export interface Pixel {
  readonly x: number;
  readonly y: number;
}

/** In pixels, in whole numbers. */
interface Size {
  readonly width: number;
  readonly height: number;
}

export class Drawing {
  readonly #png: PNG;

  constructor(size: Size) {
    this.#png = new PNG(size);
    this.rectangle({ x: 0, y: 0, ...size }, BACKGROUND);
  }

  /** From its upper left pixel on; what is outside of the picture is left out. */
  rectangle({ x, y, width, height }: Pixel & Size, colour: Colour): void {
    const png = this.#png;
    for (let row = Math.max(0, y); row < Math.min(png.height, y + height); row++) {
      for (let column = Math.max(0, x); column < Math.min(png.width, x + width); column++) {
        png.data.set([...colour, 255], (row * png.width + column) * 4);
      }
    }
  }

  png(): Buffer {
    return PNG.sync.write(this.#png);
  }
}
