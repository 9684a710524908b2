import { ClientError } from "../client/failure.ts";
import type { ModelOffer } from "../client/http/contract.ts";
import { counted } from "../text/numbers.ts";
import { troubleLines } from "./failure.ts";
import type { Room } from "./room.ts";
import type { Choice } from "./finding.ts";

/** The models of the server, to choose from. */
export interface Models {
  /** Requested anew; undefined if there is nothing to choose from, which is then printed. */
  choices(): Promise<Choice[] | undefined>;
  /** The next questions name that model; a name that the server does not have is refused, and the names are printed. */
  choose(name: string): Promise<void>;
}

const priceWords = ({ price }: ModelOffer) =>
  price === null ? [] : [`${counted(price, "token")} a question`];

export function createModels(room: Room): Models {
  const { note, dispatch, state } = room;

  const list = async (): Promise<readonly ModelOffer[]> => {
    try {
      const models = await room.client.models();
      dispatch({ type: "models", models });
      if (models.length === 0) note("dim", "The server does not tell which models it has.");
      return models;
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      if (error.code === "not_offered") note("dim", "There is no choice of models at this server.");
      else note("error", ...troubleLines(error));
      return [];
    }
  };

  return {
    async choices() {
      const models = await list();
      const { model: now } = state();
      if (models.length === 0) return undefined;
      return models.map((model) => ({
        id: model.name,
        title: model.name,
        detail: [
          ...priceWords(model),
          ...(model.isDefault ? ["default"] : []),
          ...(model.name === now ? ["chosen"] : []),
        ],
        words: "",
      }));
    },
    async choose(name) {
      const models = await list();
      if (models.length === 0) return;
      const found = models.find((model) => model.name === name);
      if (found === undefined)
        return note(
          "warn",
          `There is no model ${name} at this server.`,
          `It has: ${models.map((model) => model.name).join(", ")}`,
        );
      dispatch({ type: "chosen", model: name });
      note("dim", [`The next questions go to ${name}`, ...priceWords(found)]);
    },
  };
}
