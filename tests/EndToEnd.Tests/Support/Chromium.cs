using System.Diagnostics;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>A browser without a window, where the machine has one.</summary>
internal static class Chromium
{
    public const string Missing = "SKIPPED: no Chromium on this machine, so no page was laid out";

    public static string? Program { get; } = new[] { "chromium", "chromium-browser", "google-chrome" }
        .SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists);

    /// <summary>Opens a page, on a dark system or a light one, and gives its document as it is then, and what the browser says.</summary>
    public static (string Document, string Words) Open(TestFolder folder, string file, bool dark = false)
    {
        using Process browser = Process.Start(new ProcessStartInfo(Program!,
            ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--enable-logging=stderr", $"--user-data-dir={folder["profile"]}", "--window-size=1400,1000", "--virtual-time-budget=3000", $"--blink-settings=preferredColorScheme={(dark ? 0 : 1)}", "--dump-dom", $"file://{file}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> output = browser.StandardOutput.ReadToEndAsync(), error = browser.StandardError.ReadToEndAsync();
        if (!browser.WaitForExit(TimeSpan.FromMinutes(1)))
        {
            browser.Kill(entireProcessTree: true);
            Assert.Fail("the browser hangs");
        }

        return (output.Result, error.Result);
    }
}
