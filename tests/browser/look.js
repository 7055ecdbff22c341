// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
//
// Stands at the end of a copy of a page and tells the page around it what is wrong with its looks, a line each.
const wrong = [];
const width = document.documentElement.clientWidth;
const name = (e) => e.tagName.toLowerCase() + '.' + (e.getAttribute('class') || e.id || '') + ' "' +
    e.textContent.slice(0, 30) + '"';
const shown = (e) => e.getClientRects().length > 0;
const aside = (e) => e.closest('.sr,.shapes,.skip,.scroll') !== null;

function judge(state) {
    if (document.documentElement.scrollWidth > width) wrong.push(state + ': the page scrolls sideways');
    for (const e of document.body.querySelectorAll('*')) {
        if (!shown(e) || aside(e)) continue;
        const box = e.getBoundingClientRect();
        // What a line's box is wide says nothing about what of it is drawn.
        if (e.closest('.lines') === null && (box.left < -0.5 || box.right > width + 0.5))
            wrong.push(state + ': beyond the page, from ' + box.left + ' to ' + box.right + ': ' + name(e));
        const hides = ['hidden', 'clip'].includes(getComputedStyle(e).overflowX);
        if (hides && !(e instanceof SVGElement) && e.scrollWidth > e.clientWidth + 1) wrong.push(state + ': cut: ' + name(e));
    }
    for (const frame of document.querySelectorAll('.scroll')) {
        if (!shown(frame)) continue;
        if (frame.tabIndex !== 0) wrong.push(state + ': not reached by keyboard: ' + name(frame));
        const box = frame.getBoundingClientRect();
        if (box.left < -0.5 || box.right > width + 0.5) wrong.push(state + ': beyond the page: ' + name(frame));
    }
    let texts = 0;
    for (const svg of document.querySelectorAll('svg[role=img]')) {
        const figure = svg.closest('figure').getBoundingClientRect();
        const boxes = [...svg.querySelectorAll('text')].filter((e) => shown(e) && e.textContent !== '')
                          .map((e) => [e, e.getBoundingClientRect()]);
        texts += boxes.length;
        for (const [e, box] of boxes) {
            if (box.left < figure.left || box.right > figure.right || box.top < figure.top || box.bottom > figure.bottom)
                wrong.push(state + ': text outside its figure: ' + name(e));
        }
        for (let i = 0; i < boxes.length; ++i) {
            for (let j = 0; j < i; ++j) {
                const [a, b] = [boxes[i][1], boxes[j][1]];
                if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
                    wrong.push(state + ': text on text: ' + name(boxes[i][0]) + ' and ' + name(boxes[j][0]));
            }
        }
    }
    return texts;
}

const texts = judge('folded');
for (const each of document.querySelectorAll('details')) each.open = true;
judge('unfolded');
const loaded = performance.getEntriesByType('resource').length;
if (loaded !== 0 || refused !== 0) wrong.push('asked the network ' + (loaded + refused) + ' times');

parent.postMessage(['width ' + width, 'dark ' + matchMedia('(prefers-color-scheme: dark)').matches, 'texts ' + texts,
                    'wrong ' + wrong.length, ...wrong.slice(0, 20)].join('\n'), '*');
