#!/usr/bin/env node
// Starts Upres on the Node.js that it ships with, whatever Node.js runs this file; hence the old syntax.
"use strict";
var childProcess = require("child_process");
var fs = require("fs");
var path = require("path");

var built = path.join(__dirname, "..", "dist", "src", "cli", "main.js");
var source = path.join(__dirname, "..", "src", "cli", "main.ts");
var main = fs.existsSync(source) ? source : built;

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

function platformName() {
  return process.platform === "win32" ? "win" : process.platform;
}

var ownMajor = Number(process.versions.node.split(".")[0]);
var node = ownMajor >= 24 ? process.execPath : bundledNode();
if (node === undefined) {
  console.error(
    "upres needs Node.js 24 or newer; this is " + process.version + ". Install it, or run npm install with optional packages.",
  );
  process.exit(1);
}
var child = childProcess.spawn(node, ["--disable-warning=ExperimentalWarning", main].concat(process.argv.slice(2)), {
  stdio: "inherit",
});
["SIGINT", "SIGTERM", "SIGHUP"].forEach(function (signal) {
  process.on(signal, function () {
    child.kill(signal);
  });
});
child.on("exit", function (code, signal) {
  process.exit(signal ? 1 : code);
});
