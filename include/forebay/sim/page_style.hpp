// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace forebay::inline v0::sim::html {

/// How a page looks, on paper-white and on dark. Colours of lines are at least 3:1 against what they stand on and those
/// of text 4.5:1 (WCAG 2.2, 1.4.11 and 1.4.3); dashes and marks tell lines apart where colours do not.
inline constexpr std::string_view page_style = R"css(
:root{color-scheme:light dark;--bg:#f6f7f8;--card:#fff;--ink:#1a1f26;--soft:#56606d;--rule:#dfe3e8;--grid:#e9ecef;--link:#0a58a8;
--best:#e3f1ea;--better:#0a6650;--worse:#a23c07;--shade:#eef1f4;
--s0:#0072b2;--s1:#c8500a;--s2:#00785a;--s3:#a8408f;--s4:#8f6400;--s5:#4b5563;--s6:#85431d;--s7:#1c86a3}
@media (prefers-color-scheme:dark){:root{--bg:#10141a;--card:#181e26;--ink:#e6eaf0;--soft:#a0abb9;--rule:#2c3541;--grid:#262e39;
--link:#7dbbf5;--best:#173a30;--better:#5fd3ab;--worse:#ffab78;--shade:#222a34;
--s0:#5db3ee;--s1:#ff9457;--s2:#35c79b;--s3:#e58bd0;--s4:#e8c14a;--s5:#b4bfcc;--s6:#d3a27f;--s7:#6fd8ee}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:3px;border-radius:6px}
.skip{position:absolute;left:-999rem;top:.5rem;z-index:9;padding:.5rem 1rem;background:var(--card);border:1px solid var(--rule);border-radius:6px}
.skip:focus{left:.5rem}
.sr,.shapes{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
header,main,footer{max-width:1240px;margin:0 auto;padding:0 24px}
header{padding-top:40px}
h1{font-size:1.9rem;line-height:1.2;letter-spacing:-.02em;margin:0 0 .3rem}
h2{font-size:1.3rem;letter-spacing:-.01em;margin:0 0 .25rem}
h3{font-size:1rem;margin:0}
p{margin:.25rem 0}
.lead,.note,figcaption p,caption p,footer{color:var(--soft)}
.lead{font-size:1.05rem}
.note,figcaption p,caption p,footer{font-size:.875rem}
.note,figcaption p,caption p{max-width:75ch}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:1rem 0 0;padding:0}
section{margin-top:44px}
section>h2+p{margin-bottom:.75rem}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(210px,1fr));gap:16px;margin-top:28px;padding:0;list-style:none}
.cards li,figure,.panel{background:var(--card);border:1px solid var(--rule);border-radius:12px}
.cards li{padding:16px 18px}
.cards .what{color:var(--soft);font-size:.875rem;display:block}
.cards .value{font-size:1.75rem;font-weight:650;letter-spacing:-.02em;line-height:1.3;font-variant-numeric:tabular-nums;display:block}
.cards .unit{font-size:1rem;font-weight:500;color:var(--soft);letter-spacing:0}
.cards .who{display:block;font-size:.875rem;font-weight:600}
.cards .key{margin-right:.4rem}
small{font-size:.78rem;font-variant-numeric:tabular-nums}
small span[aria-hidden]{font-size:.62rem;margin-right:.25em;vertical-align:.08em}
.better{color:var(--better)}.worse{color:var(--worse)}.same{color:var(--soft)}
.panel{margin:16px 0 0;overflow:hidden}
.fit{width:fit-content;max-width:100%}
.panel>.note{margin:14px 16px 4px}
.scroll{position:relative;overflow-x:auto;border-radius:11px;scrollbar-width:thin}
.scroll:focus-visible{outline-offset:-3px}
table{border-collapse:collapse;width:100%;font-size:.875rem;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:14px 16px 10px;font-weight:600}
caption p{font-weight:400}
th,td{padding:8px;text-align:right;vertical-align:top;white-space:nowrap;border-top:1px solid var(--rule)}
thead th{white-space:normal;overflow-wrap:normal;font-weight:600;vertical-align:bottom;border-top:0;background:var(--shade)}
thead .unit{display:block;color:var(--soft);font-weight:400;font-size:.78rem;min-height:1.5em}
th:first-child{text-align:left;padding-left:16px;position:sticky;left:0;z-index:1;background:var(--card)}
thead th:first-child{background:var(--shade)}
tbody th{font-weight:600}
.comparison tbody th[scope=row]{white-space:normal;min-width:10.5rem;max-width:19rem}
.comparison td small{display:block;min-height:1.2em}
.narrow{width:auto;min-width:min(100%,34rem)}.narrow thead th{white-space:nowrap}.narrow .words{text-align:left;color:var(--soft)}
.row{display:flex;gap:.6rem;align-items:baseline}
.row .key{align-self:start;margin-top:.35em}
.comparison td:last-child,.comparison th:last-child{padding-right:18px}
.group th{background:var(--shade)!important;white-space:normal;font-weight:600;padding:6px 12px}
.group span{position:sticky;left:12px}
.badge{display:inline-block;font-size:.7rem;font-weight:500;color:var(--soft);border:1px solid var(--rule);border-radius:99px;padding:0 .5em;margin-left:.35em;white-space:nowrap}
.best{display:inline-block;background:var(--best);border-radius:6px;padding:0 .4em;margin:0 -.4em 0 0;font-weight:700}
.best span[aria-hidden]{font-size:.7rem;margin-right:.3em;vertical-align:.1em}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,460px),1fr));gap:16px;margin-top:16px}
figure{margin:16px 0 0;padding:16px 18px;min-width:0}
.figures figure{margin:0}
.figures figure:last-child:nth-child(odd){grid-column:1/-1}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;list-style:none;margin:.6rem 0 0;padding:0;font-size:.82rem}
.legend li{display:flex;align-items:center;gap:.45rem;min-width:0}
.key{flex:none;overflow:visible;vertical-align:middle}
.plot{container-type:inline-size;padding:34px 26px 54px 54px}
.plot>svg{display:block;width:100%;height:270px;overflow:visible}
.wider .plot>svg{height:340px}
.lines{overflow:visible}
.grid line{stroke:var(--grid);shape-rendering:crispEdges}
svg .level{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:1 4;stroke-linecap:round;fill:none}
.labels text{fill:var(--soft);font-size:12px;font-variant-numeric:tabular-nums}
.labels .x{text-anchor:middle}.labels .y,.labels .x-title{text-anchor:end}
.labels .x-title,.labels .y-title{fill:var(--ink);font-weight:500}
@container (max-width:620px){.wide{display:none}}
.line{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round;vector-effect:non-scaling-stroke}
.margin{stroke-width:1.25;opacity:.75}
use{fill:var(--c);stroke:var(--card);stroke-width:1}
.s0{--c:var(--s0)}.s1{--c:var(--s1)}.s2{--c:var(--s2)}.s3{--c:var(--s3)}.s4{--c:var(--s4)}.s5{--c:var(--s5)}.s6{--c:var(--s6)}.s7{--c:var(--s7)}
.d1,.d1 .line{stroke-dasharray:9 4}.d2,.d2 .line{stroke-dasharray:3 3}.d3,.d3 .line{stroke-dasharray:10 3 2 3}.d4,.d4 .line{stroke-dasharray:15 4}.d5,.d5 .line{stroke-dasharray:6 3 2 3 2 3}
use{stroke-dasharray:none}
details{margin-top:.25rem;font-size:.875rem}
summary{cursor:pointer;color:var(--link);padding:.25rem 0;width:fit-content}
details .scroll{max-height:360px;overflow:auto;border:1px solid var(--rule);margin-top:.4rem}
details th,details td{padding:4px 10px}
details thead th{min-width:7.5rem;position:sticky;top:0;z-index:2;white-space:normal}
details thead th:first-child{z-index:3}
.fates{list-style:none;margin:0;padding:6px 18px 16px}
.fates>li{margin-top:12px}
.bar{display:flex;height:18px;border-radius:5px;overflow:hidden;margin:4px 0;gap:1px;background:var(--shade)}
.bar i,.fate i{background-color:var(--f);background-image:var(--h,none)}
.fate i{display:inline-block;width:14px;height:11px;border-radius:3px;margin-right:.4em}
.fate{display:inline-block;margin-right:1.1em;font-size:.82rem;color:var(--soft)}
.f0{--f:var(--s2)}.f1{--f:var(--s4);--h:repeating-linear-gradient(45deg,#0000 0 4px,var(--card) 4px 6px)}
.f2{--f:var(--s1);--h:repeating-linear-gradient(-45deg,#0000 0 2px,var(--card) 2px 3px)}
.f3{--f:var(--s3);--h:repeating-linear-gradient(90deg,#0000 0 3px,var(--card) 3px 5px)}
.f4{--f:var(--s5);--h:repeating-linear-gradient(0deg,#0000 0 3px,var(--card) 3px 5px)}
dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.1rem 1.5rem;margin:0;padding:14px 18px;font-size:.875rem}
dt{color:var(--soft)}
dd{margin:0;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.82rem;white-space:pre-wrap}
footer{margin-top:44px;padding-bottom:44px}
@media (max-width:600px){header,main,footer{padding:0 14px}header{padding-top:24px}h1{font-size:1.5rem}
section{margin-top:34px}.cards{grid-template-columns:1fr 1fr;gap:10px;margin-top:20px}.cards li{padding:12px}.cards .value{font-size:1.35rem}
figure{padding:14px 10px}.plot{padding-right:20px}.row{flex-direction:column;gap:0}.comparison tbody th[scope=row]{min-width:7.5rem;max-width:8.5rem}th,td{padding:7px 9px}
dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
@media print{body{background:#fff}.skip,nav{display:none}figure,.panel,.cards li{break-inside:avoid}}
)css";

}  // namespace forebay::inline v0::sim::html
