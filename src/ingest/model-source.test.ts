import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CuratedModel, curatedModels } from "../models/curated.ts";
import { describeModelSource, obtainModel, parseModelSource } from "./model-source.ts";

const param = Buffer.from("7767517\n1 1\nInput in 0 1 in\n");
const bin = Buffer.from([1, 2, 3, 4]);

let server: Server;
let origin = "";

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === "/net.param") response.end(param);
    else if (request.url === "/net.bin") response.end(bin);
    else response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server's address
});

afterAll(() => server.close());

function curated(sha256: { readonly param: string; readonly bin: string }): CuratedModel {
  const file = (ending: "param" | "bin") => ({ url: `${origin}/net.${ending}`, sha256: sha256[ending] });
  const described = { id: "net", title: "Net", scale: 4, licence: "MIT", copyright: "nobody", licenceUrl: origin };
  return { ...described, place: { kind: "files", param: file("param"), bin: file("bin") } };
}

const hash = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const options = { allowAddress: () => true };

test("a network of the list is had file by file, each the pinned one", async () => {
  const model = curated({ param: hash(param), bin: hash(bin) });
  const obtained = await obtainModel({ kind: "curated", model }, options);
  expect(obtained).toEqual({ format: "ncnn", param: param.toString(), bin, sha256: hash(bin) });
  expect(describeModelSource({ kind: "curated", model })).toBe(`${origin}/net.bin`);
});

test.each(["param", "bin"] as const)("another .%s than the pinned one is refused", async (ending) => {
  const model = curated({ param: hash(param), bin: hash(bin), [ending]: "0".repeat(64) });
  await expect(obtainModel({ kind: "curated", model }, options)).rejects.toMatchObject({ code: "model_invalid" });
});

test("every network of the list is named by its id, over https and pinned", () => {
  for (const model of curatedModels) {
    expect(parseModelSource(model.id)).toEqual({ kind: "curated", model });
    const { place } = model;
    for (const { url, sha256 } of place.kind === "files" ? [place.param, place.bin] : [place.archive]) {
      expect(url).toMatch(/^https:\/\//);
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    }
  }
});
