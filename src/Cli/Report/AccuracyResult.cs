namespace EdgeVit.Cli;

/// <summary>What <c>edgevit validate --json</c> says of a model: its accuracy, which a latency result does not hold.</summary>
internal sealed record AccuracyResult(string File, string Sha256, string Data, double Images, double Top1)
{
    /// <exception cref="UserException">The file is no such result.</exception>
    public static AccuracyResult Read(string file)
    {
        JsonPart root = JsonPart.Read(file, "Make one with 'edgevit validate MODEL --data PATH --json > ACCURACY.json' and give that file to --accuracy.");
        double top1 = root.Number("top1");
        return top1 <= 100
            ? new AccuracyResult(file, root.Object("model").Text("sha256"), root.Text("data"), root.Number("images"), top1)
            : throw root["top1"].Wrong("percent, so at most 100");
    }
}
