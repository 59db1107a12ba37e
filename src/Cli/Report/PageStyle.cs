namespace EdgeVit.Cli;

/// <summary>The style of a report's page: one column on a phone, dark where the reader's system is, plain on paper.</summary>
internal static class PageStyle
{
    public const string Css = """
        :root{color-scheme:light dark;--page:#fff;--panel:#f5f6f8;--text:#1b1f24;--faint:#59616b;--line:#d5d9df;--good:#0f6b35;--bad:#a3201d;
        --c1:#2166ac;--c2:#b35806;--c3:#1b7837;--c4:#762a83;--c5:#b2182b;--c6:#5f6b76;--pale:#a9b4c2}
        @media (prefers-color-scheme:dark){:root{--page:#14171b;--panel:#1e2329;--text:#e6e9ed;--faint:#a4adb8;--line:#3a424c;--good:#6fd391;--bad:#ff9b94;
        --c1:#74b3f0;--c2:#f2a65a;--c3:#7fd08f;--c4:#cf9be0;--c5:#ff8b8b;--c6:#b0bac5;--pale:#55606d}}
        *{box-sizing:border-box}
        body{margin:0 auto;padding:1rem;max-width:75rem;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
        h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0 1rem}h2{font-size:1.3rem;line-height:1.3;margin:2.5rem 0 .75rem;border-top:1px solid var(--line);padding-top:1rem}
        h3{font-size:1.05rem;margin:1.5rem 0 .5rem}
        a{color:var(--c1)}nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding:0;list-style:none}
        .verdict{border-left:.3rem solid var(--bad);background:var(--panel);padding:.6rem .9rem;margin:.75rem 0}.verdict.valid{border-color:var(--good)}
        .verdict strong{color:var(--bad)}.verdict.valid strong{color:var(--good)}.verdict ul{margin:.25rem 0 0;padding-left:1.2rem}
        .group{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,21rem),1fr));gap:1rem;align-items:start}
        figure{margin:0;padding:.75rem;background:var(--panel);border-radius:.4rem;max-width:28rem;min-width:0}
        figcaption{font-size:.9rem;font-weight:600;margin-bottom:.4rem}figure p{font-size:.85rem;color:var(--faint);margin:.4rem 0 0}
        svg{display:block;width:100%;height:auto;font-family:system-ui,sans-serif}
        .scroll{overflow-x:auto;margin:.75rem 0}
        table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums;overflow-wrap:normal}
        .scroll td:not(.n){min-width:7rem}
        caption{text-align:left;font-weight:600;padding:.3rem 0}
        th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid var(--line)}
        thead th{white-space:nowrap;color:var(--faint);font-weight:600}.n{text-align:right;white-space:nowrap}
        .facts{width:100%}.facts th{font-weight:400;color:var(--faint);width:8.5rem}.facts td{overflow-wrap:anywhere}
        .label{fill:var(--faint)}.name{fill:var(--text)}.grid{stroke:var(--line);stroke-width:1}.mark{stroke:var(--c5);stroke-width:1.2;stroke-dasharray:4 2}
        .line{fill:none;stroke-width:1.6;stroke-linejoin:round}
        .l1{stroke:var(--c1)}.l2{stroke:var(--c2)}.l3{stroke:var(--c3)}.l4{stroke:var(--c4)}.l5{stroke:var(--c5)}.l6{stroke:var(--c6)}
        .c1{fill:var(--c1)}.c2{fill:var(--c2)}.c3{fill:var(--c3)}.c4{fill:var(--c4)}.c5{fill:var(--c5)}.c6{fill:var(--c6)}.c7{fill:var(--pale)}
        @media print{:root{color-scheme:light;--page:#fff;--panel:#fff;--text:#000;--faint:#333;--line:#bbb;--good:#0f6b35;--bad:#a3201d;
        --c1:#2166ac;--c2:#b35806;--c3:#1b7837;--c4:#762a83;--c5:#b2182b;--c6:#5f6b76;--pale:#a9b4c2}
        body{font-size:10pt;padding:0;max-width:none}nav{display:none}figure,table,tr,.verdict{break-inside:avoid}h2,h3,h4,h2+p,h3+p,caption{break-after:avoid}.scroll{overflow:visible}
        table{font-size:7.5pt}td:not(.n){overflow-wrap:anywhere}.scroll td:not(.n){min-width:0}th,td{padding:.15rem .3rem}.group{grid-template-columns:1fr 1fr}svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}}

        """;
}
