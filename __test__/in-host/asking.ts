import type { ModelRequest, OpenCodeHost } from "../../harness/index.js";

/** A model that greps for what it is asked to find (`find <pattern>`), and repeats the answer. */
export function grepFor({ freshToolResults, lastUserText }: ModelRequest) {
  const [result] = freshToolResults;
  if (result) return { text: result.output ?? "" };
  const pattern = /find (.+)/.exec(lastUserText)?.[1] ?? "nothing";
  return { calls: [{ name: "grep", args: { pattern } }] };
}

/** A new session; answers the model's last text to each question. */
export async function session(
  host: OpenCodeHost,
  directory: string,
): Promise<(text: string) => Promise<string>> {
  const client = host.client(directory);
  const { data } = await client.session.create({ body: { title: "search" }, throwOnError: true });
  return async (text) => {
    const answer = await client.session.prompt({
      path: { id: data.id },
      body: { parts: [{ type: "text", text }] },
      throwOnError: true,
    });
    return answer.data.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
  };
}
