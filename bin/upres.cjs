#!/usr/bin/env node
// Starts Upres on the Node.js that it ships with, whatever Node.js runs this file; hence the old syntax.
"use strict";
var childProcess = require("child_process");
var fs = require("fs");
var path = require("path");

var oldestMajor = 24;
var built = path.join(__dirname, "..", "dist", "src", "cli", "main.js");
var source = path.join(__dirname, "..", "src", "cli", "main.ts");
var main = fs.existsSync(source) ? source : built;

function platformName() {
  return process.platform === "win32" ? "win" : process.platform;
}

function bundledNode() {
  var names = ["node-" + platformName() + "-" + process.arch, "node-bin-" + platformName() + "-" + process.arch];
  for (var i = 0; i < names.length; i += 1) {
    try {
      var folder = path.dirname(require.resolve(names[i] + "/package.json"));
      var file = path.join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
      if (fs.existsSync(file)) return file;
    } catch (error) {
      if (error.code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  return undefined;
}

var ownMajor = Number(process.versions.node.split(".")[0]);
var node = ownMajor >= oldestMajor ? process.execPath : bundledNode();
if (node === undefined) {
  console.error(
    "upres: Node.js " +
      oldestMajor +
      " or newer is needed, and this is " +
      process.version +
      "; install it, or run npm ci again with optional packages.",
  );
  process.exit(1);
}

var options = ["--disable-warning=ExperimentalWarning"];
// V8 counts pictures that JavaScript only refers to as memory of its own, and would collect garbage for every third one. `serve` and `worker` make
// video in processes that have this option of their own.
if (["serve", "worker"].indexOf(process.argv[2]) < 0) options.push("--initial-old-space-size=256");

// The channel tells the child when this process ends, by whatever means.
var child = childProcess.spawn(node, options.concat(main, process.argv.slice(2)), {
  stdio: ["inherit", "inherit", "inherit", "ipc"],
});
["SIGINT", "SIGTERM", "SIGHUP"].forEach(function (signal) {
  process.on(signal, function () {
    child.kill(signal);
  });
});
// From "stopping" on, the child ends as interrupted, whichever way it goes.
var isStopping = false;
child.on("message", function (message) {
  if (message === "stopping") isStopping = true;
});
child.on("error", function (error) {
  console.error("upres: " + node + " cannot be started (" + error.message + "); install Upres again.");
  process.exit(1);
});
child.on("exit", function (code, signal) {
  if (signal === null) process.exit(code);
  if (isStopping || signal === "SIGINT" || signal === "SIGTERM" || signal === "SIGHUP") process.exit(130);
  console.error("upres: ended by the system with " + signal + (signal === "SIGKILL" ? ", perhaps for lack of memory." : "."));
  process.exit(1);
});
