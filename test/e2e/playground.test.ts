import { existsSync } from "node:fs";
import { appendFile, copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { writeDemoClip } from "../../src/media/demo-clip.ts";
import { NativeClient } from "../support/native-client.ts";
import { chromiumPath, difference, Playground, readStage, tabTo } from "../support/playground.ts";
import { runUpres, ServeProcess } from "../support/serve-process.ts";

// The page as people use it: a real server, a real clip, the system's Chromium, found by role and label.

const source = fileURLToPath(
  new URL("../../../shared/clips/9-odd_androidx_bbb_176x144_192kbps_15fps_mpeg4.mp4", import.meta.url),
);
const axe = await readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
const name = "rabbit.mp4";
const paddingBytes = 3_000_000;

describe.skipIf(chromiumPath === undefined || !existsSync(source))("the playground", () => {
  let folder = "";
  let file = "";
  let server: ServeProcess;
  let client: NativeClient;
  let playground: Playground;
  let jobId = "";

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "upres-playground-"));
    file = join(folder, name);
    await copyFile(source, file);
    await appendFile(file, freeBox(paddingBytes)); // so that there is something to interrupt
    server = await ServeProcess.start(["--data", join(folder, "data")]);
    client = new NativeClient(server.url);
    playground = await Playground.open(server.url);
  });

  afterAll(async () => {
    await playground?.[Symbol.asyncDispose]();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const choose = async (page: Page): Promise<void> => await page.getByLabel("Video file").setInputFiles(file);

  it("goes on with an upload that was paused and whose page was closed", async () => {
    const visitor = await playground.newVisitor();
    const first = await playground.visitIn(visitor, "#/");
    const slow = await visitor.newCDPSession(first);
    const link = { offline: false, latency: 0, downloadThroughput: -1 };
    await slow.send("Network.emulateNetworkConditions", { ...link, uploadThroughput: 1_000_000 });
    await choose(first);
    const progress = first.getByRole("progressbar", { name: `Upload of ${name}` });
    await eventually(async () => Number(await progress.getAttribute("aria-valuenow"))).toBeGreaterThan(5);
    await first.getByRole("button", { name: "Pause" }).click();
    await first.getByText("paused; what was sent is kept").waitFor();
    await first.close();

    const page = await playground.visitIn(visitor, "#/");
    const offsets: number[] = [];
    page.on("request", (request) => {
      if (request.method() === "PATCH") offsets.push(Number(request.headers()["upload-offset"]));
    });
    await choose(page);
    await page.getByRole("heading", { name, level: 1 }).waitFor();
    expect(offsets[0]).toBeGreaterThan(0);
    await page.getByText("Diagnosis").waitFor();
    expect(page.url()).toMatch(/#\/new\/[0-9a-f-]{36}$/);
    await visitor.storageState({ path: join(folder, "visitor.json") });
    await page.context().close();
  });

  it("quotes each tier, tastes them side by side, and runs the job", async () => {
    const page = await playground.visit("#/");
    await choose(page);
    await page.getByRole("radio", { name: "2×" }).check();
    const tiers = page.getByRole("radiogroup", { name: "Tier" });
    for (const tier of ["Fast", "Standard"]) {
      const card = tiers.getByRole("radio", { name: new RegExp(`^${tier}`) });
      await eventually(async () => await card.evaluate((input) => input.parentElement?.textContent)).toMatch(
        /352 × 288.*about .*B.*free/,
      );
    }
    expect(await page.getByText("is proposed:").textContent()).toMatch(/\w+ is proposed: \w+/);

    await page.getByRole("button", { name: "Taste first" }).click();
    for (const tier of ["Original", "Fast", "Standard"]) {
      await page.getByRole("img", { name: new RegExp(`^${tier}, frame`) }).waitFor();
    }
    await tiers.getByRole("radio", { name: /^Fast/ }).check();
    await page.getByRole("button", { name: "Start the job" }).click();
    await page.getByRole("tab", { name: "Use it from code" }).waitFor();
    jobId = /#\/jobs\/([0-9a-f-]{36})/.exec(page.url())?.[1] ?? "";
    await page.getByRole("link", { name: "Download" }).waitFor();
    const { request, result } = await client.job(jobId);
    expect(request).toMatchObject({ target: { kind: "scale", factor: 2 }, tier: "fast" });
    expect(result).toMatchObject({ width: 352, height: 288, frames: 15 });

    await page.getByRole("tab", { name: "Report" }).click();
    await page.getByText("Complete: every check was passed.").waitFor();
    await page.getByRole("img", { name: /^Consistency over time: Result against source [\d.]+ to/ }).waitFor();
    await page.getByRole("tab", { name: "Use it from code" }).click();
    expect(await page.getByRole("tabpanel", { name: "Native" }).textContent()).toContain(`${server.url}/api/jobs`);
    await page.getByRole("tab", { name: "Logs" }).click();
    await page
      .getByRole("log")
      .getByText(/^finished:/)
      .waitFor();
    await page.context().close();
  });

  it("shows an upright video's picture whole", async () => {
    const tall = join(folder, "tall.mp4");
    await writeDemoClip(tall, { size: { width: 54, height: 96 }, durationSeconds: 1, gopFrames: 25 });
    const upload = await client.upload(new Uint8Array(await readFile(tall)), "tall.mp4");
    const page = await playground.visit(`#/new/${upload.id}`);
    const picture = page.getByRole("img", { name: "A picture from the most demanding scene" });
    await eventually(async () => await picture.evaluate((image) => Reflect.get(image, "naturalHeight"))).toBe(96);
    const [shown, frame] = [await picture.boundingBox(), await picture.locator("..").boundingBox()];
    expect(shown?.y).toBeGreaterThanOrEqual((frame?.y ?? Infinity) - 1);
    expect(shown?.height).toBeLessThanOrEqual((frame?.height ?? 0) + 1);
    await page.context().close();
  });

  it("shows the pixels of both videos on either side of the wipe's line, and where they differ", async () => {
    const page = await playground.visit(`#/compare?job=${jobId}&mode=wipe&frame=7&wipe=1`);
    const original = await readStage(page);
    const at = async (query: string, sign: string) => {
      await page.goto(`${server.url}/#/compare?job=${jobId}&frame=7&${query}`);
      await page.waitForSelector(sign);
      return await readStage(page);
    };
    const result = await at("mode=wipe&wipe=0", '[role=slider][aria-valuenow="0"]');
    const half = await at("mode=wipe&wipe=0.5", '[role=slider][aria-valuenow="50"]');
    expect(difference(original, result, [0.3, 0.7])).toBeGreaterThan(0.5);
    // Names and the line lie over the canvas or in its middle.
    expect(difference(half, original, [0, 0.49])).toBe(0);
    expect(difference(half, result, [0.51, 1])).toBe(0);
    expect(difference(half, result, [0, 0.49])).toBeGreaterThan(0.25);
    const differing = await at("mode=difference", 'canvas[aria-label*="difference"]');
    const same = differing.data.every((value, index) => index % 4 === 3 || value < 4);
    expect(same).toBe(false);
    await page.context().close();
  });

  it("opens the same frame, place and mode from a shared link", async () => {
    const page = await playground.visit(`#/compare?job=${jobId}`);
    await readStage(page);
    for (const key of [".", ".", ".", "2", "+", "+"]) await page.keyboard.press(key);
    await page.getByRole("img", { name: /side by side, frame 4$/ }).focus();
    for (const key of ["ArrowRight", "ArrowDown"]) await page.keyboard.press(key);
    await eventually(() => page.url()).toMatch(/mode=side&frame=3&zoom=\d+&x=0\.[\d]+&y=0\.\d+$/);
    const shown = await readStage(page);
    const other = await playground.visit(new URL(page.url()).hash);
    expect((await readStage(other)).data.equals(shown.data)).toBe(true);
    await other.getByRole("button", { name: /^Play/ }).click();
    await eventually(async () => Number(await other.getByRole("slider", { name: "Frame" }).inputValue())).toBeGreaterThan(5);
    await other.context().close();
    await page.context().close();
  });

  it("can be used without a mouse from the file to the comparison", async () => {
    const page = await playground.visit("#/");
    let isRefused = false;
    await page.route("**/api/estimates", (route) => {
      const error = {
        code: "rate_limited",
        message: "2 estimates of this account are under way already; try again in a moment.",
      };
      if (isRefused || !/"(?:scale|factor)":2\b/.test(route.request().postData() ?? "")) return route.continue();
      isRefused = true;
      return route.fulfill({ status: 429, headers: { "retry-after": "1" }, json: { error } });
    });
    await page.getByText("Drop a video here").waitFor();
    const chooser = page.waitForEvent("filechooser"); // the browser has to be told before the key is pressed
    await tabTo(page, "button", /^Choose a file$/);
    await page.keyboard.press("Enter");
    await (await chooser).setFiles(source);
    await page.getByText("What it takes").waitFor();
    const sizes = page.getByRole("radiogroup", { name: "Size" });
    await sizes.getByRole("radio", { checked: true }).focus();
    for (const size of ["2k", "4k", "2×"]) {
      await page.keyboard.press("ArrowRight");
      await sizes.getByRole("radio", { name: size, exact: true, checked: true }).waitFor({ state: "attached" });
    }
    await eventually(async () => await page.getByText(/^Standard · 352 × 288/).count()).toBe(1);
    await page.getByRole("radio", { name: /^Standard/ }).focus();
    await page.keyboard.press("ArrowLeft");
    await eventually(async () => await page.getByRole("button", { name: "Start the job" }).isEnabled()).toBe(true);
    await tabTo(page, "button", /^Start the job$/);
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "Compare", exact: true }).waitFor();
    await tabTo(page, "link", /^Compare$/);
    await page.keyboard.press("Enter");
    await page.waitForSelector("section[data-exact=true]");
    await tabTo(page, "slider", /^Wipe line$/);
    for (const key of ["ArrowRight", "Shift+ArrowRight"]) await page.keyboard.press(key);
    expect(await page.getByRole("slider", { name: "Wipe line" }).getAttribute("aria-valuenow")).toBe("61");
    await page.context().close();
  });

  it("cancels a running job and deletes it, after asking", async () => {
    const long = join(folder, "long.mp4");
    await writeDemoClip(long, { size: { width: 96, height: 54 }, durationSeconds: 40, gopFrames: 25 });
    const upload = await client.upload(new Uint8Array(await readFile(long)), "long.mp4");
    const page = await playground.visit("#/jobs");
    const { id } = await client.submit({ upload_id: upload.id, tier: "standard", scale: 8 });
    const row = page.getByRole("article", { name: "long.mp4" });
    await row.getByRole("button", { name: "Cancel" }).click();
    await row.getByText("Cancelled").waitFor();
    expect((await client.job(id)).state).toBe("cancelled");
    await row.getByRole("button", { name: "Delete" }).click();
    const dialog = page.getByRole("dialog", { name: "Delete long.mp4?" });
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await row.getByRole("button", { name: "Delete" }).click();
    await dialog.getByRole("button", { name: "Delete it" }).click();
    await row.waitFor({ state: "detached" });
    expect((await client.fetch(`/api/jobs/${id}`)).status).toBe(404);
    await page.context().close();
  });

  it.each([
    ["a phone", { viewport: { width: 390, height: 844 }, colorScheme: "light" }],
    ["a wide and dark screen", { viewport: { width: 1440, height: 900 }, colorScheme: "dark" }],
  ] as const)("has no serious fault of access and does not scroll sideways on %s", async (_screen, options) => {
    const page = await playground.visit("#/", { ...options, reducedMotion: "reduce" });
    const upload = await client.upload(new Uint8Array(await readFile(source)), "look.mp4");
    const pages: readonly (readonly [string, string])[] = [
      ["#/", "Drop a video here"],
      [`#/new/${upload.id}`, "What it takes"],
      ["#/jobs", "Download"],
      [`#/jobs/${jobId}`, "Fidelity"],
      [`#/jobs/${jobId}/report`, "Decided"],
      [`#/jobs/${jobId}/code`, "Base URL"],
      [`#/jobs/${jobId}/logs`, "lines"],
      [`#/compare?job=${jobId}`, "Hold to flip"],
    ];
    for (const [hash, text] of pages) {
      await page.goto(`${server.url}/${hash}`);
      await page.getByText(text).first().waitFor({ state: "attached" });
      const { width, faults } = z.object({ width: z.int(), faults: z.array(z.unknown()) }).parse(
        await page.evaluate(`(async () => { ${axe};
          const { violations } = await axe.run();
          const faults = violations.filter(({ impact }) => impact === "serious" || impact === "critical")
            .map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html.slice(0, 160)).join(" | "));
          return { width: document.documentElement.scrollWidth, faults };
        })()`),
      );
      expect({ hash, faults }).toEqual({ hash, faults: [] });
      expect({ hash, width }).toEqual({ hash, width: options.viewport.width });
    }
    await page.context().close();
  });

  it("draws few rows of a thousand jobs", async () => {
    const page = await playground.visit("#/");
    const job = await (await client.fetch(`/api/jobs/${jobId}`)).json();
    const many = Array.from({ length: 1000 }, (_, index) => ({
      ...(job as object),
      id: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
      created_at: new Date(Date.UTC(2026, 0, 1) - index * 1000).toISOString(),
    }));
    await page.route(/\/api\/jobs\?/, async (route) => {
      const start = Number(new URL(route.request().url()).searchParams.get("cursor") ?? 0);
      const next = start + 200 < many.length ? String(start + 200) : null;
      await route.fulfill({ json: { jobs: many.slice(start, start + 200), next_cursor: next, next_before: null } });
    });
    await page.reload();
    await page.goto(`${server.url}/#/jobs`);
    const rows = page.getByRole("article");
    await rows.first().waitFor();
    const count = async (): Promise<string | null> => await page.getByRole("listitem").first().getAttribute("aria-setsize");
    await eventually(async () => {
      await page.keyboard.press("End");
      return await count();
    }).toBe("1000");
    expect(await rows.count()).toBeLessThan(60);
    await page.context().close();
  });

  it("says what happened when the server is gone, and complains of nothing else", async () => {
    expect(playground.complaints).toEqual([]);
    const page = await playground.visit("#/jobs");
    await page.getByText("Live").waitFor();
    await page.route(/\/api\//, async (route) => await route.abort());
    await page.reload();
    await page.getByRole("alert").getByText("Start it with").waitFor();
    await page.unroute(/\/api\//);
    await page.getByRole("heading", { name: "Jobs" }).waitFor();
    await page.context().close();
  });

  it("asks for a key once there are keys, and lets an admin make and revoke others", async () => {
    const { stdout } = await runUpres(["keys", "create", "--name", "boss", "--admin", "--data", join(folder, "data"), "--json"]);
    const { key } = z.object({ key: z.string() }).parse(JSON.parse(stdout));
    const page = await playground.visit("#/admin/keys");
    await page.getByRole("textbox", { name: "Key" }).fill("wrong");
    await page.getByRole("button", { name: "Use this key" }).click();
    await page.getByText("The key was not taken").waitFor();
    await page.getByRole("textbox", { name: "Key" }).fill(key);
    await page.getByRole("button", { name: "Use this key" }).click();
    await page.getByRole("button", { name: "New key" }).click();
    const dialog = page.getByRole("dialog", { name: "New key" });
    await dialog.getByRole("textbox", { name: "Name" }).fill("camera");
    await dialog.getByRole("spinbutton", { name: "Credits in dollars" }).fill("2.5");
    await dialog.getByRole("button", { name: "Make it" }).click();
    const made = page.getByRole("dialog", { name: "The key of camera" });
    const shown = (await made.locator("code").textContent()) ?? "";
    expect((await new NativeClient(server.url, shown).fetch("/api/session")).status).toBe(200);
    await made.getByRole("button", { name: "Close" }).click();
    const row = page.getByRole("row", { name: /^camera/ });
    await row.getByText("$2.50").waitFor();
    await row.getByRole("button", { name: "Revoke" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke it" }).click();
    await row.getByText("revoked").waitFor();
    expect((await new NativeClient(server.url, shown).fetch("/api/session")).status).toBe(401);
    expect(page.url()).not.toContain(key);
    await page.context().close();
  });
});

/** Looks again until what is expected is there. */
function eventually<Value>(look: () => Value | Promise<Value>) {
  return expect.poll(look, { timeout: 60_000 });
}

/** An empty box that MP4 readers pass over. */
function freeBox(bytes: number): Buffer {
  const box = Buffer.alloc(bytes);
  box.writeUInt32BE(bytes, 0);
  box.write("free", 4, "latin1");
  return box;
}
