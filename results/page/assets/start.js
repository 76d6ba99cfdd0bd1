// The report in a file: its first view is its run.
// @ts-check
import { routeHref, setHome, start } from "./app.js";
import { source } from "./source.js";
import "./run.js";

export { showing } from "./app.js";
export { logView } from "./log.js";

setHome(async () => routeHref("run", [(await source.runs()).runs[0].id]));
// For measurements: the first view has been painted.
start().then(() => requestAnimationFrame(() => setTimeout(() => performance.mark("splicelab-shown"))));
