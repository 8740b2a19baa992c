import { Command, type CommanderError } from "commander";
import { badRequest } from "./options.ts";
import { addModelCommands, type ModelHandlers } from "./models-program.ts";
import { addServiceCommands, type ServiceHandlers } from "./service-program.ts";

/** The commands, each loaded only when it is called. */
export type CommandHandlers = ServiceHandlers &
  ModelHandlers & {
    readonly upscale: (inputs: readonly string[], options: unknown) => Promise<void>;
    readonly plan: (input: string, options: unknown) => Promise<void>;
    readonly probe: (input: string) => Promise<void>;
    readonly doctor: () => Promise<void>;
    readonly demo: (options: unknown) => Promise<void>;
  };

const examples = `
Examples:
  upres in.mp4 -o out.mp4 --to 4k          one video, 2160 pixels on its short side
  upres holiday/ -o large/ --scale 2       every video of a folder
  upres plan in.mp4 --to 4k                what would be done, and why
  upres demo                               no video at hand? this makes one
  upres serve                              the APIs, at http://127.0.0.1:7878

A run that was stopped goes on where it was when the same command is given again.
Exit codes: 0 done, 1 failed, 2 bad usage, 130 stopped.`;

const helpWidth = 100;

/** Describes the command line. */
export function createProgram(handlers: CommandHandlers, version: string): Command {
  const program = new Command("upres")
    .description("Upscales and restores video on your own machine.")
    .usage("<input…> [-o <output>] [options]\n       upres <command> …")
    .argument("[input...]", "video files, a folder of them, or http(s) URLs")
    .helpCommand(false)
    .enablePositionalOptions()
    .configureHelp({ helpWidth, visibleArguments: () => [], subcommandTerm: nameWithArguments })
    .addHelpText("after", examples);
  addRunOptions(program);
  addMachineOptions(program);
  program.action((inputs: string[], options: unknown) => {
    if (inputs.length === 0) throw badRequest("Name a video, as in: upres in.mp4 -o out.mp4; upres --help shows more");
    return handlers.upscale(inputs, options);
  });

  const plan = program.command("plan <input>").description("print every decision for a video, with its reason");
  addRunOptions(plan);
  addMachineOptions(plan);
  hideOptions(plan, ["output", "overwrite", "resume", "report", "removed", "provider", "threads"]);
  plan.action((input: string, _own: unknown, command: Command) => handlers.plan(input, command.optsWithGlobals()));
  const probe = program.command("probe <input>").description("print what a video file holds");
  probe.action((input: string) => handlers.probe(input));
  const models = addModelCommands(program, handlers);
  const doctor = program.command("doctor").description("say what this machine has and what will be used");
  doctor.action(() => handlers.doctor());
  const demo = program.command("demo").description("make a short clip and upscale it, 4 times larger unless told otherwise");
  demo.optionsGroup("Output:").option("-o, --output <folder>", "where the two clips go; upres-demo by default");
  addPictureOptions(demo);
  addMachineOptions(demo);
  demo.action((_own: unknown, command: Command) => handlers.demo(command.optsWithGlobals()));

  const service = addServiceCommands(program, handlers);

  for (const command of new Set([program, ...program.commands, ...models, ...service])) {
    addGeneralOptions(command);
    command.exitOverride().configureOutput({ writeErr: () => undefined });
    if (command !== program) command.configureHelp({ helpWidth }).allowExcessArguments(false);
  }
  program.version(version, "-V, --version", "print the version");
  return program;
}

/** Turns what the parser threw into an error of ours; undefined when it only ended after --help or --version. */
export function explainParseError(error: CommanderError): Error | undefined {
  if (error.exitCode === 0) return undefined;
  const text = error.message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ");
  const sentence = `${text.charAt(0).toUpperCase()}${text.slice(1)}`.replace(/[.]$/, "");
  return badRequest(`${sentence}; upres --help lists what there is`);
}

function nameWithArguments(command: Command): string {
  return [command.name(), ...command.registeredArguments.map((argument) => `<${argument.name()}>`)].join(" ");
}

function addRunOptions(command: Command): void {
  command
    .optionsGroup("Output:")
    .option("-o, --output <path>", "file, or folder for several inputs; <name>.upres.mp4 beside the input by default");
  addPictureOptions(command);
  command
    .optionsGroup("Output:")
    .option("--overwrite", "replace an output that exists")
    .option("--no-resume", "start anew instead of going on where a stopped run was")
    .option("--report <file>", "write the full report as JSON")
    .option("--removed <file.mp4>", "write a video of the dirt and scratches that were taken out");
}

function addPictureOptions(command: Command): void {
  command
    .optionsGroup("Picture:")
    .option("--to <size>", "short side of the output: 1080p, 2k (1440) or 4k (2160); default: the next above the source")
    .option("--scale <factor>", "how many times larger instead, 1.1 to 10")
    .option("--tier <tier>", "fast, standard (default) or pro: speed against quality")
    .option("--model <name>", "a network that was added (upres models) in place of Upres's own")
    .option("--models-folder <folder>", "where added networks lie; a folder of the user's by default")
    .option("--preset <preset>", "what it shows: general (default), ugc, short_series, aigc or old_film")
    .option("--fidelity <level>", "how close to the source: high (default) or medium")
    .option("--fps <rate>", "frames a second: keep (default), or any rate up to 240 such as 60 or 24000/1001")
    .option("--assume <finding=value>", "what you know better than upres plan, such as scan=progressive; repeatable", collect)
    .optionsGroup("Output:")
    .option("--format <format>", "mp4 (default), webm or mov; the ending of the output's name says it too")
    .option("--quality <number>", "20 (small file) to 99 (nearly lossless), 90 by default");
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function addMachineOptions(command: Command): void {
  command
    .optionsGroup("Machine:")
    .option("--provider <name>", "what computes: auto (default), cpu, webgpu, cuda, coreml or dml")
    .option("--threads <number>", "threads to use, all cores by default");
}

function addGeneralOptions(command: Command): void {
  command
    .optionsGroup("General:")
    .option("--json", "print one JSON document on stdout and nothing else")
    .option("--quiet", "show no progress")
    .option("--debug", "show where an error came from")
    .helpOption("-h, --help", "show this help");
}

/** For options that are accepted so that the command's name can be put before the words of a whole command line. */
function hideOptions(command: Command, names: readonly string[]): void {
  for (const option of command.options) if (names.includes(option.attributeName())) option.hideHelp();
}
