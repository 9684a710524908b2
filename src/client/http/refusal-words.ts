const money = "(?:tokens?|balance|credits?)";
const few = "(?:[\\w']+ ){0,3}";

/** Insufficient, not enough, no … left, out of: beside tokens, balance or credit. */
const empty = [
  `(?:\\binsufficient|(?:\\bnot|n't) (?:have )?enough|\\bout of) ${few}${money}\\b`,
  `\\b(?:no|0|zero) ${few}${money} ${few}(?:left|remaining|available)\\b`,
  `\\b${money}:? ${few}(?:insufficient|not enough)\\b`,
].map((pattern) => new RegExp(pattern, "i"));

/** Says that the sentence is about the token's validity or rights, or about a limit of the model. */
const otherwise =
  /\b(?:in)?valid\b|expire|malformed|revoked|signature|authenti|authori[sz]|credentials|permission|privilege|\bscopes?\b|\brights\b|\bcontext\b|\bwindow\b|\bmax(?:imum)?\b|\btoo (?:long|large|many)\b|\bmodel\b.*\blimit|\blimit\b.*\bmodel\b/i;

/** Words with single spaces in place of the dashes of a code (`insufficient_tokens`) and of curly apostrophes. */
const plain = (sentence: string) => sentence.replaceAll("’", "'").replaceAll(/[\s_-]+/g, " ");

/** Whether a server's sentence says that the balance is used up. */
export function saysEmpty(sentence: string): boolean {
  const words = plain(sentence);
  return !otherwise.test(words) && empty.some((pattern) => pattern.test(words));
}

const wrong = "(?:invalid|expired|missing|unknown|bad|wrong|malformed|revoked|required|not \\w+|no)";

/** The request carries no token that the server knows: credentials, authentication, a token that is missing or wrong. */
const noLogin = [
  "credentials|authenticat|unauthori[sz]ed|authori[sz]ation header|\\blog(?:ged)? ?in\\b",
  `\\b${wrong} (?:\\w+ ){0,3}token\\b`,
  `\\btoken\\b(?: \\w+){0,3} ${wrong}\\b`,
].map((pattern) => new RegExp(pattern, "i"));

/** Whether a server's sentence says that it accepts no token in the request. */
export function saysNoLogin(sentence: string): boolean {
  const words = plain(sentence);
  return noLogin.some((pattern) => pattern.test(words));
}
