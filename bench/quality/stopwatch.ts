/** Wall and processor time since it was made; the latter of all threads of the process. */
export class Stopwatch {
  readonly #startedMs = performance.now();
  readonly #before = process.cpuUsage();

  perFrame(frames: number): { readonly secondsPerFrame: number; readonly cpuSecondsPerFrame: number } {
    const { user, system } = process.cpuUsage(this.#before);
    return {
      secondsPerFrame: (performance.now() - this.#startedMs) / 1000 / frames,
      cpuSecondsPerFrame: (user + system) / 1e6 / frames,
    };
  }
}
