import { run, upload } from "wavespeed";

// A program as the vendor's documentation has it, without a word of where the server is: `script.ts <model> <file>`.

const [, , model = "", file = ""] = process.argv;
const video = await upload(file);
const { outputs } = await run(model, { video }, { pollInterval: 0.05 });
process.stdout.write(JSON.stringify({ video, outputs }));
