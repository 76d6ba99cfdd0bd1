// All files are loaded.
splicelab.started = splicelab.start();
