import type { DialectName } from "../api/types.ts";
import { fixedDifferences, sayForCommand, sayForFal, sayForNative, sayForRunware } from "./said.ts";
import { fileOf, inShell, json, members, type Question, urlOf, word } from "./sample-text.ts";

export type Sample = { readonly language: string; readonly code: string };
export type Samples = {
  readonly name: DialectName | "cli";
  readonly title: string;
  readonly baseUrl: string | undefined;
  readonly samples: readonly Sample[];
  /** What would come out differently from this job. */
  readonly differences: readonly string[];
};

const scaleTo4096 = "It has no field for the size: four times, the long side at most 4096.";

/** The job on screen as each service's clients would ask for it, with this server's base URLs. */
export function samplesFor(question: Question): readonly Samples[] {
  return [
    native(question),
    fal(question),
    runware(question),
    runway(question),
    useapi(question),
    wavespeed(question),
    command(question),
  ];
}

function native(question: Question): Samples {
  const { job, base } = question;
  const { body, differences } = sayForNative(job);
  const url = urlOf(question);
  const file = fileOf(question);
  const submit = (source: string): string =>
    `curl -sS ${base}/api/jobs -H "Authorization: Bearer $UPRES_KEY" \\\n  -H "Content-Type: application/json" -d ${source}`;
  const code =
    url === undefined
      ? `id=$(curl -sS "${base}/api/uploads?name=${encodeURIComponent(file)}" -H "Authorization: Bearer $UPRES_KEY" \\\n` +
        `  --data-binary @${word(file)} | sed -E 's/.*"id":"([^"]+)".*/\\1/')\n` +
        submit(`"${JSON.stringify({ upload_id: "$id", ...body }).replaceAll('"', '\\"')}"`)
      : submit(`'${inShell({ video_url: url, ...body })}'`);
  return { name: "native", title: "Native", baseUrl: `${base}/api`, samples: [{ language: "curl", code }], differences };
}

function fal(question: Question): Samples {
  const { job, base } = question;
  const { body, differences } = sayForFal(job);
  const url = urlOf(question);
  const model = "fal-ai/bytedance-upscaler/upscale/video";
  const video = url === undefined ? `new Blob([await readFile(${json(fileOf(question))})], { type: "video/mp4" })` : json(url);
  const client = `${url === undefined ? 'import { readFile } from "node:fs/promises";\n' : ""}import { fal } from "@fal-ai/client";

const base = "${base}/fal";
fal.config({
  credentials: process.env.UPRES_KEY,
  requestMiddleware: async (request) => ({
    ...request,
    url: request.url
      .replace("https://queue.fal.run", \`\${base}/queue\`)
      .replace("https://fal.run", \`\${base}/run\`)
      .replace("https://rest.fal.ai", \`\${base}/rest\`),
  }),
});

const video_url = ${video};
const { data } = await fal.subscribe("${model}", {
  input: { video_url, ${members(body)} },
});
console.log(data.video.url);`;
  const curl =
    `curl -sS ${base}/fal/queue/${model} -H "Authorization: Key $UPRES_KEY" \\\n` +
    `  -H "Content-Type: application/json" -d '${inShell({ video_url: url ?? "https://example.org/clip.mp4", ...body })}'`;
  return {
    name: "fal",
    title: "fal",
    baseUrl: `${base}/fal/queue`,
    samples: [{ language: "JavaScript", code: client }, ...(url === undefined ? [] : [{ language: "curl", code: curl }])],
    differences,
  };
}

function runware(question: Question): Samples {
  const { job, base } = question;
  const { body, differences } = sayForRunware(job);
  const url = urlOf(question);
  const task = {
    taskType: "upscale",
    taskUUID: "$(uuidgen)",
    model: "bytedance:50@1",
    inputs: { video: url ?? "" },
    deliveryMethod: "async",
    ...body,
  };
  const socket = `${base.replace(/^http/, "ws")}/v1`;
  const stored =
    url === undefined
      ? `const media = \`data:video/mp4;base64,\${await readFile(${json(fileOf(question))}, "base64")}\`;
const { mediaUUID: video } = await runware.mediaStorage({ media });`
      : `const video = ${json(url)};`;
  const client = `${url === undefined ? 'import { readFile } from "node:fs/promises";\n' : ""}import { Runware } from "@runware/sdk-js";

const runware = await Runware.initialize({ apiKey: process.env.UPRES_KEY, url: "${socket}" });
${stored}
const result = await runware.upscale({
  model: "bytedance:50@1", inputs: { video }, deliveryMethod: "async",
  ${members(body)},
});
console.log(result.videoURL);
await runware.disconnect();`;
  const curl =
    `curl -sS ${base}/v1 -H "Authorization: Bearer $UPRES_KEY" -H "Content-Type: application/json" \\\n` +
    `  -d "[${JSON.stringify(task).replaceAll('"', '\\"')}]"`;
  return {
    name: "runware",
    title: "Runware",
    baseUrl: `${base}/v1`,
    samples: [{ language: "JavaScript", code: client }, ...(url === undefined ? [] : [{ language: "curl", code: curl }])],
    differences,
  };
}

function runway(question: Question): Samples {
  const { job, base } = question;
  const url = urlOf(question);
  const source =
    url === undefined
      ? `const { uri: videoUri } = await client.uploads.createEphemeral({
  file: await toFile(await readFile(${json(fileOf(question))}), ${json(fileOf(question))}),
});`
      : `const videoUri = ${json(url)};`;
  const client = `import RunwayML${url === undefined ? ", { toFile }" : ""} from "@runwayml/sdk";
${url === undefined ? 'import { readFile } from "node:fs/promises";\n' : ""}
const client = new RunwayML({ apiKey: process.env.UPRES_KEY, baseURL: "${base}" });
${source}
const task = await client.videoUpscale.create({ model: "upscale_v1", videoUri }).waitForTaskOutput();
console.log(task.output[0]);`;
  const curl =
    `curl -sS ${base}/v1/video_upscale -H "Authorization: Bearer $UPRES_KEY" -H "X-Runway-Version: 2024-11-06" \\\n` +
    `  -H "Content-Type: application/json" -d '${inShell({ model: "upscale_v1", videoUri: url ?? "" })}'`;
  return {
    name: "runway",
    title: "Runway, CometAPI",
    baseUrl: base,
    samples: [{ language: "JavaScript", code: client }, ...(url === undefined ? [] : [{ language: "curl", code: curl }])],
    differences: [
      ...fixedDifferences(job, scaleTo4096),
      "It takes 40 s at most, and https addresses only, until UPRES_HOSTED_LIMITS=off.",
      `CometAPI's clients have ${base}/runwayml for a base.`,
    ],
  };
}

function useapi(question: Question): Samples {
  const { job, base } = question;
  const url = urlOf(question);
  const file = fileOf(question);
  const code = `${url === undefined ? "" : `curl -sSL -o ${word(file)} ${word(url)}\n`}api=${base}/v1/runwayml
asset=$(curl -sS "$api/assets/?name=${encodeURIComponent(file)}" -H "Authorization: Bearer $UPRES_KEY" \\
  -H "Content-Type: video/mp4" --data-binary @${word(file)} | sed -E 's/.*"assetId":"([^"]+)".*/\\1/')
curl -sS "$api/videos/upscale" -H "Authorization: Bearer $UPRES_KEY" \\
  -H "Content-Type: application/json" -d "{\\"videoAssetId\\": \\"$asset\\"}"`;
  return {
    name: "useapi",
    title: "useapi.net",
    baseUrl: `${base}/v1/runwayml`,
    samples: [{ language: "curl", code }],
    differences: [
      ...fixedDifferences(job, "It has no field for the size: doubled until the long side is 3840 or more, at most 4096."),
      "It takes 40 s at most, until UPRES_HOSTED_LIMITS=off.",
    ],
  };
}

function wavespeed(question: Question): Samples {
  const { job, base } = question;
  const url = urlOf(question);
  const client = `import { Client } from "wavespeed";

const client = new Client(process.env.UPRES_KEY, { baseUrl: "${base}" });
const video = ${url === undefined ? `await client.upload(${json(fileOf(question))})` : json(url)};
const { outputs } = await client.run("runwayml/upscale-v1", { video });
console.log(outputs[0]);`;
  const curl =
    `curl -sS ${base}/api/v3/runwayml/upscale-v1 -H "Authorization: Bearer $UPRES_KEY" \\\n` +
    `  -H "Content-Type: application/json" -d '${inShell({ video: url ?? "" })}'`;
  return {
    name: "wavespeed",
    title: "WaveSpeed",
    baseUrl: base,
    samples: [{ language: "JavaScript", code: client }, ...(url === undefined ? [] : [{ language: "curl", code: curl }])],
    differences: [...fixedDifferences(job, scaleTo4096), "It takes https addresses only, until UPRES_HOSTED_LIMITS=off."],
  };
}

function command(question: Question): Samples {
  const { body, differences } = sayForCommand(question.job);
  const file = fileOf(question);
  const output = `${file.replace(/\.[^.]+$/, "")}-upres.${body.extension}`;
  const code = ["npx upres", word(urlOf(question) ?? file), "-o", word(output), ...body.words].join(" ");
  return { name: "cli", title: "Command", baseUrl: undefined, samples: [{ language: "sh", code }], differences };
}
