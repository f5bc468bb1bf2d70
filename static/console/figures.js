// Figures as people read them.
export const number = (value, places = 1) =>
  value === null || value === undefined ? "–" : value.toLocaleString(document.documentElement.lang, { maximumFractionDigits: places });

export function bytes(value) {
  for (const unit of ["B", "KB", "MB", "GB"]) {
    if (Math.abs(value) < 1024 || unit === "GB") return `${number(value, unit === "B" ? 0 : 1)} ${unit}`;
    value /= 1024;
  }
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 1) return `${number(seconds * 1000, seconds < 0.01 ? 1 : 0)} ms`;
  return `${number(seconds, 2)} s`;
}
