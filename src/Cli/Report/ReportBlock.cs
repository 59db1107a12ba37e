namespace EdgeVit.Cli;

/// <summary>A piece of a report. A page is a list of them, so that HTML and Markdown tell the same.</summary>
internal abstract record ReportBlock;

/// <summary>A heading; level 1 is the page's own. The anchor is ours, never a text of a result.</summary>
internal sealed record Heading(int Level, string Text, string? Anchor = null) : ReportBlock;

internal sealed record Paragraph(string Text) : ReportBlock;

/// <summary>Whether a result may be quoted, and the reasons why not.</summary>
internal sealed record Verdict(bool Valid, string Text, IReadOnlyList<string> Reasons) : ReportBlock;

internal sealed record Bullets(IReadOnlyList<string> Lines) : ReportBlock;

/// <summary>A table; one without names of columns is a list of facts.</summary>
internal sealed record Tabular(TextTable Table) : ReportBlock;

/// <summary>A drawing. What it shows stands in a table or in its description too, so Markdown has the caption and the description alone.</summary>
internal sealed record Figure(string Caption, string Svg, string Facts) : ReportBlock;

/// <summary>Blocks that belong together, side by side where there is room.</summary>
internal sealed record Group(IReadOnlyList<ReportBlock> Blocks) : ReportBlock;

/// <summary>A part that a section has drawn itself, every text in it escaped. What it shows stands in a table, too; Markdown leaves it out.</summary>
internal sealed record HtmlPart(string Html) : ReportBlock;
