import type { Command } from "commander";

/** The commands for networks, each loaded only when it is called. */
export type ModelHandlers = {
  readonly listModels: (options: unknown) => Promise<void>;
  readonly addNetwork: (source: string, options: unknown) => Promise<void>;
  readonly removeNetwork: (id: string, options: unknown) => Promise<void>;
};

/** Adds `upres models` and what is below it. */
export function addModelCommands(program: Command, handlers: ModelHandlers): readonly Command[] {
  const models = program.command("models").description("list, add and remove networks");
  models.action((_own: unknown, command: Command) => handlers.listModels(command.optsWithGlobals()));
  const list = models.command("list").description("list the networks with size, cost and licence");
  list.action((_own: unknown, command: Command) => handlers.listModels(command.optsWithGlobals()));
  const add = models.command("add <source>").description("add one of the list, an .onnx file or URL, or an ncnn .param and .bin");
  add
    .optionsGroup("Network:")
    .option("--name <name>", "what it is called; the file's name by default")
    .option("--scale <factor>", "how many times larger it must make pictures")
    .option("--sha256 <digits>", "what the file's sha256 must be; for ncnn the .bin's")
    .option("--licence <text>", "under which licence it is, for the list and for reports")
    .option("--accept-licence", "accept the licence without being asked")
    .option("--allow-addresses <ranges>", "private addresses that it may come from; none by default");
  add.action((source: string, _own: unknown, command: Command) => handlers.addNetwork(source, command.optsWithGlobals()));
  const remove = models.command("remove <name>").description("remove an added network");
  remove.action((id: string, _own: unknown, command: Command) => handlers.removeNetwork(id, command.optsWithGlobals()));
  for (const command of [models, list, add, remove]) {
    command
      .optionsGroup("Network:")
      .option("--models-folder <folder>", "where added networks lie; a folder of the user's by default");
  }
  return [models, list, add, remove];
}
