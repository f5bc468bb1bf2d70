// Times in words ("3 minutes ago") and in the reader's own zone, kept current.
const language = document.documentElement.lang || "en";
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
const STEPS = [[60, "second", 1], [3600, "minute", 60], [86400, "hour", 3600], [2592000, "day", 86400], [Infinity, "month", 2592000]];

export function ago(moment) {
  const seconds = Math.round((moment - Date.now()) / 1000);
  const [, unit, length] = STEPS.find(([below]) => Math.abs(seconds) < below);
  return relative.format(Math.round(seconds / length), unit);
}

export function clock(moment) {
  const pad = (number, width = 2) => String(number).padStart(width, "0");
  return `${pad(moment.getHours())}:${pad(moment.getMinutes())}:${pad(moment.getSeconds())}.${pad(moment.getMilliseconds(), 3)}`;
}

function tell() {
  for (const time of document.querySelectorAll("time[data-ago]")) time.textContent = ago(new Date(time.dateTime));
  for (const time of document.querySelectorAll("time[data-clock]")) time.textContent = clock(new Date(time.dateTime));
}

export function keepTimes() {
  tell();
  setInterval(tell, 1000);
  document.addEventListener("ax:refreshed", tell);
}
