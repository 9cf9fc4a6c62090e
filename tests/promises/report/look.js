// Looks at the page that it stands in and says what is wrong with it.
addEventListener('load', () => {
  const findings = [];
  const say = (what) => { if (findings.length < 40) findings.push(what.slice(0, 300)); };
  document.querySelectorAll('details').forEach((one) => { one.open = true; });
  const page = document.scrollingElement;
  if (page.scrollWidth > page.clientWidth + 1) say(`the page scrolls sideways: ${page.scrollWidth} in ${page.clientWidth}`);

  const plots = [...document.querySelectorAll('svg.plot')].filter((svg) => svg.getClientRects().length > 0);
  for (const svg of plots) {
    const name = (svg.getAttribute('aria-label') || 'plot').slice(0, 60);
    const no = /\b(grid|base|zero|swatch|fault|turn)\b/;
    const marks = [...svg.querySelectorAll('rect, path, circle, line.whisker, line.line')];
    if (!marks.some((mark) => !no.test(mark.getAttribute('class') || ''))) say(`${name}: no marks`);
    if (!svg.querySelector('line.grid, line.base')) say(`${name}: no axes`);
    const texts = [...svg.querySelectorAll('text')].filter((text) => text.textContent.trim());
    if (texts.length < 2) say(`${name}: no labels`);
    const around = svg.getBoundingClientRect();
    const boxes = texts.map((text) => {
      const box = text.getBoundingClientRect();
      const said = (text.firstChild.textContent || '').slice(0, 50);
      if (box.left < around.left - 1 || box.right > around.right + 1 || box.top < around.top - 3 || box.bottom > around.bottom + 3)
        say(`${name}: '${said}' lies outside, ${Math.round(box.left - around.left)} to ${Math.round(box.right - around.left)} of ${Math.round(around.width)}`);
      // A line's box is higher than its letters.
      return { said, left: box.left + 1, right: box.right - 1, top: box.top + box.height * 0.2, bottom: box.bottom - box.height * 0.2 };
    });
    boxes.sort((a, b) => a.top - b.top);
    for (let i = 0; i < boxes.length; i += 1) {
      for (let k = i + 1; k < boxes.length && boxes[k].top < boxes[i].bottom; k += 1) {
        const a = boxes[i], b = boxes[k];
        if (a.left < b.right && b.left < a.right) say(`${name}: '${a.said}' and '${b.said}' overlap`);
      }
    }
  }

  for (const box of document.querySelectorAll('body *:not(svg *):not(script):not(style)')) {
    if (box.getClientRects().length === 0 || box.clientWidth === 0 || !box.textContent.trim()) continue;
    if (box.scrollWidth > box.clientWidth + 1)
      say(`<${box.tagName.toLowerCase()} class="${box.getAttribute('class') || ''}"> is cut: ${box.scrollWidth} in ${box.clientWidth}: ${box.textContent.trim().slice(0, 60)}`);
    const place = box.getBoundingClientRect();
    if (place.right > page.clientWidth + 1 || place.left < -1)
      say(`<${box.tagName.toLowerCase()} class="${box.getAttribute('class') || ''}"> lies outside the page: ${box.textContent.trim().slice(0, 60)}`);
  }
  parent.postMessage(JSON.stringify({ at: location.hash.slice(1), plots: plots.length, findings }), '*');
});
