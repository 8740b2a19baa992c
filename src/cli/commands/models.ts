import { availableParallelism } from "node:os";
import { basename, extname } from "node:path";
import { createInterface } from "node:readline/promises";
import { z } from "zod";
import { createAddressGuard } from "../../core/address.ts";
import { AppError } from "../../domain/errors.ts";
import { modelIdPattern, type RgbModelDescriptor } from "../../domain/model-descriptor.ts";
import { addModel } from "../../engine/add-model.ts";
import { describeModelSource, type ModelSource, obtainModel, parseModelSource } from "../../ingest/model-source.ts";
import { curatedModels } from "../../models/curated.ts";
import { listInstalled, removeInstalled } from "../../models/installed.ts";
import { bundledChromaModels } from "../../models/chroma.ts";
import { judgeModel } from "../../models/judge.ts";
import { bundledModels } from "../../models/registry.ts";
import type { CommandContext } from "../context.ts";
import { modelsFolder } from "../model-folder.ts";
import { badRequest } from "../options.ts";
import { formatTable } from "../table.ts";
import { formatBytes, formatCount } from "../units.ts";

const unknownLicence = "not stated";

const AddOptions = z.looseObject({
  name: z.string().regex(modelIdPattern, "--name takes up to 64 of a-z, 0-9, dot, dash and underscore").optional(),
  scale: z
    .string()
    .regex(/^[1-8]$/, "--scale takes 1 to 8")
    .transform(Number)
    .optional(),
  sha256: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, "--sha256 takes 64 hexadecimal digits")
    .transform((text) => text.toLowerCase())
    .optional(),
  licence: z.string().min(1).max(500, "--licence takes at most 500 characters").optional(),
  acceptLicence: z.boolean().default(false),
  allowAddresses: z.string().default(""),
});

/** `upres models [list]`: the networks that are there, and those that can be had. */
export async function listModels(typed: unknown, { output }: CommandContext): Promise<void> {
  const installed = (await listInstalled(modelsFolder(typed))).map(({ descriptor }) => descriptor);
  const had = new Set(installed.map(({ id }) => id));
  const offered = curatedModels.filter(({ id }) => !had.has(id));
  output.document([
    ...[...bundledModels, ...bundledChromaModels, judgeModel].map((model) => ({ ...model, state: "bundled" })),
    ...installed.map((model) => ({ ...model, state: "added" })),
    ...offered.map(({ place: _place, ...model }) => ({ ...model, state: "to be added" })),
  ]);
  const rows = [
    ...[...bundledModels, ...bundledChromaModels].map((model) => [
      model.id,
      model.kind === "chroma" ? "with tiers standard and pro" : `--tier ${model.tier}`,
      `x${model.scale}`,
      formatBytes(model.files.u8.sizeBytes),
      formatCount(model.parameters),
      `${formatCount(model.macsPerInputPixel)} multiply-adds a pixel`,
      model.licence,
    ]),
    [
      judgeModel.id,
      "in the diagnosis",
      "",
      formatBytes(judgeModel.file.sizeBytes),
      formatCount(judgeModel.parameters),
      `${formatCount(judgeModel.macsPerInputPixel)} multiply-adds a pixel looked at`,
      judgeModel.licence,
    ],
    ...installed.map((model) => [
      model.id,
      "--model",
      `x${model.scale}`,
      formatBytes(model.file.sizeBytes),
      formatCount(model.parameters),
      `${model.secondsPerMegapixel.toFixed(1)} s a megapixel`,
      model.licence,
    ]),
    ...offered.map((model) => [model.id, "upres models add", `x${model.scale}`, "", "", "", model.licence]),
  ];
  output.result(formatTable([["network", "use", "scale", "size", "parameters", "cost", "licence"], ...rows]));
}

/** `upres models add <name|file|url>`: shows the licence, and once it is accepted gets, checks, tries and keeps a network. */
export async function addNetwork(word: string, typed: unknown, context: CommandContext): Promise<void> {
  const { output, signal } = context;
  const parsed = AddOptions.safeParse(typed);
  if (!parsed.success) throw badRequest(parsed.error.issues.map(({ message }) => message).join("; "));
  const options = parsed.data;
  const source = parseModelSource(word);
  if (source.kind === "url" && options.sha256 === undefined && /^http:/i.test(source.place)) {
    throw badRequest("What comes over plain http can be altered on its way; give its --sha256, or an https URL");
  }
  const id = options.name ?? defaultId(source);
  const licence = source.kind === "curated" ? source.model.licence : (options.licence ?? unknownLicence);
  await acceptLicence({ id, source, licence, isAccepted: options.acceptLicence }, context);
  const shown = describeModelSource(source);
  output.note(source.kind === "file" ? `reading ${shown}` : `downloading ${shown}`);
  const material = await obtainModel(source, {
    allowAddress: parseRanges(options.allowAddresses),
    signal,
    ...(options.sha256 !== undefined && { sha256: options.sha256 }),
  });
  output.note("trying it on a test picture");
  const scale = options.scale ?? (source.kind === "curated" ? source.model.scale : undefined);
  const { model, findings } = await addModel({
    folder: modelsFolder(typed),
    id,
    title: source.kind === "curated" ? source.model.title : id,
    licence,
    source: shown,
    sourceSha256: material.sha256,
    network: material,
    threads: availableParallelism(),
    signal,
    ...(scale !== undefined && { scale }),
  });
  output.document({ ...model.descriptor, selfTest: { psnr: findings.psnr, cutDifference: findings.cutDifference ?? null } });
  output.result(formatTable(describeAdded(model.descriptor, findings)));
  output.result(`\nUse it as: upres in.mp4 -o out.mp4 --model ${id}`);
}

/** `upres models remove <name>`. */
export async function removeNetwork(id: string, typed: unknown, { output }: CommandContext): Promise<void> {
  await removeInstalled(modelsFolder(typed), id);
  output.document({ removed: id });
  output.result(`${id} is removed.`);
}

function defaultId(source: ModelSource): string {
  if (source.kind === "curated") return source.model.id;
  const path = source.kind === "url" ? decodeURI(new URL(source.place).pathname) : source.place;
  const id = basename(path, extname(path))
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-");
  if (!modelIdPattern.test(id)) throw badRequest(`No name can be made of ${basename(path)}; give one with --name`);
  return id;
}

type Offer = { readonly id: string; readonly source: ModelSource; readonly licence: string; readonly isAccepted: boolean };

async function acceptLicence({ id, source, licence, isAccepted }: Offer, { output, signal }: CommandContext): Promise<void> {
  output.note(`${id} is not part of Upres. It comes from ${describeModelSource(source)}.`);
  output.note(
    `Licence: ${licence}${source.kind === "curated" ? `, copyright ${source.model.copyright} (${source.model.licenceUrl})` : ""}.`,
  );
  if (source.kind !== "curated") output.note("Whether you may use it is yours to know: Upres cannot tell.");
  if (isAccepted) return;
  if (process.stdin.isTTY && !output.isJson) {
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      const answer = await terminal.question("Do you accept it? [y/N] ", { signal });
      if (/^y(es)?$/i.test(answer.trim())) return;
    } finally {
      terminal.close();
    }
  }
  throw new AppError(
    "bad_request",
    `The licence of ${id} was not accepted (${licence}); nothing was added. --accept-licence accepts it.`,
  );
}

function parseRanges(text: string): (address: string) => boolean {
  const ranges = text.split(",").filter((range) => range.trim() !== "");
  try {
    return createAddressGuard(ranges);
  } catch (error) {
    if (error instanceof RangeError) throw badRequest(`--allow-addresses takes addresses and ranges: ${error.message}`);
    throw error;
  }
}

function describeAdded(
  model: RgbModelDescriptor,
  { psnr, cutDifference }: { readonly psnr: number; readonly cutDifference: number | undefined },
): readonly (readonly string[])[] {
  const edges =
    cutDifference === undefined
      ? "its size is fixed: not measured"
      : `differs by at most ${(cutDifference * 255).toFixed(2)} of 255`;
  return [
    ["network", `${model.id}, ${model.scale} times larger, ${formatCount(model.parameters)} parameters`],
    ["source", `${model.source}, sha256 ${model.sourceSha256}`],
    ["kept as", `${formatBytes(model.file.sizeBytes)}, sha256 ${model.file.sha256}`],
    ["licence", model.licence],
    ["self-test", `${psnr.toFixed(1)} dB to the test picture after scaling down`],
    ["tiles", `${model.tilePixels} pixels with ${model.haloPixels} around them; there the result ${edges}`],
    ["speed", `${model.secondsPerMegapixel.toFixed(1)} s a megapixel of input on this machine`],
  ];
}
