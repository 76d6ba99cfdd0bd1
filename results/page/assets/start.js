// All files are loaded.
// In a report the first view is its run.
if (!splicelab.source.live) {
  const source = splicelab.source;
  splicelab.home = async () => splicelab.href("run", [(await source.runs()).runs[0].id]);
}
splicelab.started = splicelab.start();
// For who measures: the first view has been painted.
splicelab.started.then(() => requestAnimationFrame(() => setTimeout(() => performance.mark("splicelab-shown"))));
