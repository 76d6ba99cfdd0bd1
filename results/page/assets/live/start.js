// The page that a server delivers. Views appear in the header in this order.
// @ts-check
import { start } from "../app.js";
import "../run.js";
import "./live.js";
import "./runs.js";
import "./runs_diff.js";
import "./runs_history.js";
import "./runs_map.js";
import "./flaky.js";
import "./search.js";
import "./session.js";

export { showing } from "../app.js";
export { logView } from "../log.js";

// For measurements: the first view has been painted.
start().then(() => requestAnimationFrame(() => setTimeout(() => performance.mark("splicelab-shown"))));
