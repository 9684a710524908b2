// Letters of other scripts, and the keys of a US keyboard on which they are: where two layouts of a script differ, the
// more common one counts (Russian, Arabic 101).
const LAYOUTS: [letters: string, keys: string][] = [
  ["йцукенгшщзхъфывапролджэячсмитьбюё", "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"],
  ["іїєґўљњђјћџѕ", "s]'\\oqw]j'xz"], // Ukrainian, Belarusian, Serbian
  ["ςερτυθιοπασδφγηξκλζχψωβνμ", "wertyuiopasdfghjklzxcvbnm"],
  ["קראטוןםפשדגכעיחלךףזסבהנמצתץ", "ertyuiopasdfghjkl;zxcvbnm,."],
  ["ضصثقفغعهخحجدشسيبلاتنمكطئءؤرىةوزظذ", "qwertyuiop[]asdfghjkl;'zxcvnm,./`"],
  ["یکگچ", "d;']"], // Persian
];

let positions: Map<string, string> | undefined;

/**
 * The character of a US keyboard that is on the key of a Cyrillic, Greek, Hebrew or Arabic lower-case letter; any other
 * character unchanged.
 */
export function usCharacter(letter: string): string {
  if (letter <= "\u007f") return letter;
  positions ??= new Map(
    LAYOUTS.flatMap(([letters, keys]) =>
      Array.from(letters, (character, index): [string, string] => [character, keys.charAt(index)]),
    ),
  );
  return positions.get(letter) ?? letter;
}
