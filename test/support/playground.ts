import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { z } from "zod";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** The system's Chromium; undefined where there is none. */
export const chromiumPath = process.env["CHROMIUM_PATH"] ?? places.find((path) => existsSync(path));

/** The playground in a browser. What the page says went wrong is kept in `complaints`.  Owns: the browser. */
export class Playground implements AsyncDisposable {
  readonly base: string;
  readonly complaints: string[] = [];
  readonly #browser: Browser;

  private constructor(base: string, browser: Browser) {
    this.base = base;
    this.#browser = browser;
  }

  static async open(base: string): Promise<Playground> {
    const browser = await chromium.launch({
      ...(chromiumPath !== undefined && { executablePath: chromiumPath }),
      args: ["--no-sandbox", "--force-color-profile=srgb"],
    });
    return new Playground(base, browser);
  }

  /** A page of a visitor of its own, with nothing kept from others. */
  async visit(hash: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.newVisitor(options);
    return await this.visitIn(context, hash);
  }

  async newVisitor(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(60_000);
    return context;
  }

  async visitIn(context: BrowserContext, hash: string): Promise<Page> {
    const page = await context.newPage();
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      // What a broken connection or a refusal writes there is part of some tests.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
        this.complaints.push(message.text());
    });
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (/^https?:$/.test(url.protocol) && url.origin !== this.base) this.complaints.push(`asked ${url.origin}`);
    });
    await page.goto(`${this.base}/${hash}`);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/** A canvas as it is: RGBA from the top left.  Shape: width × height × 4. */
export type Pixels = { readonly width: number; readonly height: number; readonly data: Buffer };

const Read = z.object({ width: z.int(), height: z.int(), data: z.string() });

/** The comparison's canvas, once the exact frames are on it. */
export async function readStage(page: Page): Promise<Pixels> {
  await page.waitForSelector("section[data-exact=true]");
  const read = await page.evaluate(`new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => {
    const canvas = document.querySelector("section[data-exact] canvas");
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    let text = "";
    for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768));
    resolve({ width, height, data: btoa(text) });
  })))`);
  const { width, height, data } = Read.parse(read);
  return { width, height, data: Buffer.from(data, "base64") };
}

/** Mean difference of two pictures' colours within columns, of 255. */
export function difference(a: Pixels, b: Pixels, columns: readonly [number, number]): number {
  if (a.width !== b.width || a.height !== b.height) throw new Error("the canvases are not of one size");
  const [from, until] = [Math.round(columns[0] * a.width), Math.round(columns[1] * a.width)];
  let sum = 0;
  for (let row = 0; row < a.height; row += 1) {
    for (let at = (row * a.width + from) * 4; at < (row * a.width + until) * 4; at += 1) {
      sum += Math.abs((a.data[at] ?? 0) - (b.data[at] ?? 0));
    }
  }
  return sum / ((until - from) * a.height * 4);
}

/** Presses Tab until something with this role and name has the focus, as somebody without a mouse would. */
export async function tabTo(page: Page, role: "button" | "link" | "slider" | "tab", name: RegExp): Promise<void> {
  const wanted = page.getByRole(role, { name });
  for (let press = 0; press < 80; press += 1) {
    await page.keyboard.press("Tab");
    const isThere = await wanted.evaluateAll((elements) =>
      elements.some((element) => element === element.ownerDocument.activeElement),
    );
    if (isThere) return;
  }
  throw new Error(`Tab does not lead to ${role} ${String(name)}`);
}
