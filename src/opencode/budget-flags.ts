import { type Budget, budgetSchema, MissionError } from "../mission/index.js";

const FLAG = /^\s*--(tokens|cost|minutes|rounds|sessions)[= ]\s*(\S+)/;
const UNITS: Readonly<Record<string, number>> = { k: 1e3, m: 1e6 };

/**
 * Takes the limits of a budget off the front of a command's text: `--tokens 2M --cost 5 the goal`.
 * @throws MissionError `ERR_BUDGET` for a value that is no number
 */
export function takeBudget(text: string): { readonly budget: Budget; readonly rest: string } {
  const budget: Record<string, number> = {};
  let rest = text;
  for (let found = FLAG.exec(rest); found; found = FLAG.exec(rest)) {
    const [whole, name = "", value = ""] = found;
    budget[name] = amount(name, value);
    rest = rest.slice(whole.length);
  }
  return { budget: budgetSchema.parse(budget), rest: rest.trim() };
}

/** `1500`, `1,500`, `1.5k`, `2M`, `$5`. */
function amount(name: string, text: string): number {
  const [, digits = "", unit = ""] = /^\$?([\d,_]*\.?\d+)([kKmM]?)$/.exec(text) ?? [];
  const value = Number(digits.replaceAll(/[,_]/g, "") || Number.NaN) * (UNITS[unit.toLowerCase()] ?? 1);
  const isWhole = name !== "cost" && name !== "minutes";
  if (!(value > 0) || (isWhole && !Number.isInteger(value)))
    throw new MissionError(
      "ERR_BUDGET",
      `--${name} ${text} is no limit: give a number above 0, such as --tokens 2M or --cost 5`,
    );
  return value;
}
