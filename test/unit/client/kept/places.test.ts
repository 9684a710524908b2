import { describe, expect, it } from "vitest";
import { places } from "../../../../src/client/kept/places.ts";

const linux = (env: Record<string, string>, home: string | undefined = "/home/jane") =>
  places({ env, home, platform: "linux" });

describe("places", () => {
  it("lie in the home folder", () => {
    expect(linux({})).toEqual({
      config: "/home/jane/.config/ai-chat",
      data: "/home/jane/.local/share/ai-chat",
      state: "/home/jane/.local/state/ai-chat",
      server: "/home/jane/.local/share/ai-chat/server",
    });
  });

  it("lie where XDG says, unless it says so relatively or not at all", () => {
    expect(linux({ XDG_CONFIG_HOME: "/c", XDG_DATA_HOME: "data", XDG_STATE_HOME: "" })).toEqual({
      config: "/c/ai-chat",
      data: "/home/jane/.local/share/ai-chat",
      state: "/home/jane/.local/state/ai-chat",
      server: "/home/jane/.local/share/ai-chat/server",
    });
  });

  it.each(["", undefined, "relative"])(
    "are nowhere without a home folder (%j), but for what XDG names",
    (home) => {
      expect(places({ env: { XDG_DATA_HOME: "/d" }, home, platform: "linux" })).toEqual({
        config: undefined,
        data: "/d/ai-chat",
        state: undefined,
        server: "/d/ai-chat/server",
      });
    },
  );

  it("are what env-paths gives elsewhere, whatever XDG says", () => {
    const mac = places({ env: { XDG_DATA_HOME: "/d" }, home: "/Users/jane", platform: "darwin" });
    expect(
      Object.values(mac).every((path) => path?.includes("ai-chat") && !path.includes("ai-chat-nodejs")),
    ).toBe(true);
    expect(mac.data).not.toBe("/d/ai-chat");
  });
});
