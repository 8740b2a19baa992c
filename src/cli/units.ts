/** "3 bytes", "4.2 kB", "1.3 GB"; decimal units. */
export function formatBytes(bytes: number): string {
  const units = ["kB", "MB", "GB", "TB"];
  if (bytes < 1000) return `${bytes} bytes`;
  let value = bytes;
  let unit = "";
  for (const next of units) {
    if (value < 999.5 && unit !== "") break;
    value /= 1000;
    unit = next;
  }
  return `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`;
}

/** "0:07", "12:03", "1:02:03": whole seconds, rounded up. */
export function formatClock(seconds: number): string {
  const whole = Math.ceil(Math.max(0, seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours > 0 ? `${hours}:${twoDigits(minutes)}:${twoDigits(rest)}` : `${minutes}:${twoDigits(rest)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

/** "0.84 s", "12.3 s", "2:05 min". */
export function formatDuration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  return seconds < 3600 ? `${formatClock(seconds)} min` : `${formatClock(seconds)} h`;
}

/** "1 frame", "2 frames". */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** 1234567 as "1,234,567". */
export function formatCount(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
