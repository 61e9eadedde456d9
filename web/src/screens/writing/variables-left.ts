import { leftVariables } from "../../mail/variables.ts";
import { confirmFirst } from "../../ui/questions.ts";

/* Asked once before a letter goes that has variables left in it. */
export async function variablesFilled(subject: string, text: string): Promise<boolean> {
  const left = leftVariables(subject, text);
  if (left.length === 0) return true;
  return confirmFirst({ title: "letter.variablesLeft", text: "letter.variablesLeftText", values: { names: left.join(" ") }, action: "compose.sendAnyway" });
}
