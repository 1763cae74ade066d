/**
 * The contrast of each text on the page with what is behind it. Runs in the page, so it refers to nothing outside.
 * Source: WCAG 2.2, relative luminance and contrast ratio.
 */
export function contrastRatios(): { text: string; ratio: number }[] {
  type Colour = [number, number, number, number];
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
  const parse = (colour: string): Colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r!, g!, b!, a! / 255];
  };
  const behind = (element: Element | null): Colour => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0.99) return colour;
    }
    return [255, 255, 255, 1];
  };
  const luminance = ([r, g, b]: Colour) => {
    const [x, y, z] = [r, g, b].map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x! + 0.7152 * y! + 0.0722 * z!;
  };
  const known = new Map<string, number>();
  return [...document.querySelectorAll('body *')].flatMap((element) => {
    const own = [...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE);
    const text = own
      .map(({ textContent }) => textContent)
      .join(' ')
      .trim();
    if (text === '' || ['SCRIPT', 'STYLE', 'NOSCRIPT', 'OPTION'].includes(element.tagName)) return [];
    const style = getComputedStyle(element);
    const front = element instanceof SVGElement ? style.fill : style.color;
    const back = behind(element);
    const key = `${front} ${back.join()}`;
    if (!known.has(key)) {
      const [one, other] = [luminance(parse(front)), luminance(back)];
      known.set(key, (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05));
    }
    return [{ text: text.slice(0, 40), ratio: Number(known.get(key)!.toFixed(2)) }];
  });
}
