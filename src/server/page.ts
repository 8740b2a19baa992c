import { fileURLToPath } from "node:url";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { type PageFile, PageFiles } from "./page-files.ts";
import { notFound } from "./errors.ts";

/** Where `npm run build` of the page leaves it, seen from sources and from what was built alike. */
export const builtPageFolder = fileURLToPath(new URL("../../web/dist/", import.meta.url));

/** The page talks to its own server only. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const common = {
  "content-security-policy": policy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
} as const;

const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Upres</title><h1>Upres is running</h1>
<p>Its page was not built. Run <code>npm run build:web</code> where Upres lies and load this page again.</p>
<p>The API is described at <a href="/api/docs">/api/docs</a>.</p></html>`;

/** The page and what it is made of, for everyone: it holds no key and nobody's data. */
export function pageRoutes(folder: string = builtPageFolder): FastifyPluginAsync {
  const page = new PageFiles(folder);

  const send = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const path = pathOf(request.url);
    const files = await page.load();
    if (files === undefined && path === "/") {
      reply.headers({ ...common, "cache-control": "no-store" });
      return await reply.type("text/html; charset=utf-8").send(notBuilt);
    }
    const file = files?.get(path === "/" ? "/index.html" : path);
    if (file === undefined) throw notFound(request);
    reply.headers({
      ...common,
      "content-type": file.contentType,
      etag: file.etag,
      vary: "accept-encoding",
      "cache-control": file.isHashed ? "public, max-age=31536000, immutable" : "no-cache",
    });
    if (request.headers["if-none-match"] === file.etag) return await reply.code(304).send();
    const { encoding, body } = choose(file, String(request.headers["accept-encoding"] ?? ""));
    if (encoding !== undefined) reply.header("content-encoding", encoding);
    reply.header("content-length", body.length);
    return await reply.send(request.method === "HEAD" ? undefined : body);
  };

  return async (app) => {
    for (const url of ["/", "/assets/*", "/:file"]) {
      app.route({ method: ["GET", "HEAD"], url, exposeHeadRoute: false, handler: send });
    }
  };
}

function pathOf(url: string): string {
  try {
    return decodeURIComponent(url.split(/[?#]/)[0] ?? "/");
  } catch {
    return url; // a percent sign that begins no escape: no file is called so
  }
}

function choose({ plain, brotli, gzip }: PageFile, accepted: string): { encoding: string | undefined; body: Buffer } {
  if (brotli !== undefined && /\bbr\b/.test(accepted)) return { encoding: "br", body: brotli };
  if (gzip !== undefined && /\bgzip\b/.test(accepted)) return { encoding: "gzip", body: gzip };
  return { encoding: undefined, body: plain };
}
