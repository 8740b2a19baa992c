import { readFile } from "node:fs/promises";

/** Options with which an encoder gives the same bytes for the same pictures each time. FFmpeg's x264 does not with AVX-512 and
 *  several threads: for a 320x180 video its macroblock tree came out differently in 4 of 30 runs, with AVX2, as fast, in none
 *  of 110. Only Linux tells what its processor can do; elsewhere x264 decides. */
export async function repeatableOptions(codec: string): Promise<Readonly<Record<string, string>>> {
  return codec === "libx264" && (await hasAvx512()) ? { "x264-params": "asm=avx2" } : {};
}

async function hasAvx512(): Promise<boolean> {
  if (process.platform !== "linux" || process.arch !== "x64") return false;
  const facts = await readFile("/proc/cpuinfo", "utf8").catch(() => "");
  const [flags = ""] = /^flags\s*:.*$/m.exec(facts) ?? [];
  return flags.includes(" avx512") && flags.includes(" avx2");
}
