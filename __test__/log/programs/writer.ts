import { LogFile } from "../../../src/log/index.js";

// node writer.js FOLDER NAME COUNT: appends so many lines to a log that is put away often.
const [folder = "", name = "", count = "0"] = process.argv.slice(2);
const file = new LogFile([{ folder, isOwn: false }], { maxBytes: 4_000, archives: 1_000 });
for (let index = 0; index < Number(count); index++) await file.append(`${name}:${index}${"x".repeat(80)}\n`);
