using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Runs the command on a terminal of its own, which the system's <c>script</c> makes.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
internal sealed class TerminalProcess : IDisposable
{
    private const string Ready = "terminal:";

    // What the console of .NET sends before anything else, whatever a program does.
    private const string OfDotNet = "\u001b[?1h\u001b=";

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly Task _reading;
    private readonly StringBuilder _sent = new();
    private readonly Lock _turn = new();
    private readonly string _device;

    public TerminalProcess(int width, int height, string[] arguments, params (string Name, string Value)[] environment)
    {
        string[] program = EdgeVitProcess.Tool is null ? ["dotnet", EdgeVitProcess.Program] : [EdgeVitProcess.Tool];
        string command = string.Join(' ', program.Concat(arguments).Select(w => $"'{w}'"));
        // What the command leaves of the terminal's modes is printed behind it.
        string line = string.Create(CultureInfo.InvariantCulture,
            $"stty cols {width} rows {height}; before=$(stty -g); echo {Ready}$(tty); env --default-signal=INT {command}; code=$?; [ \"$before\" = \"$(stty -g)\" ] && echo same modes; exit $code");
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "script", "-qfec", line, "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardOutputEncoding = new UTF8Encoding(false),
        };
        start.Environment["TERM"] = "xterm-256color";
        start.Environment["SHELL"] = "/bin/bash";
        start.Environment["LANG"] = "C.UTF-8";
        start.Environment["OMP_WAIT_POLICY"] = "passive";
        start.Environment.Remove("NO_COLOR");
        start.Environment.Remove("EDGEVIT_KERNEL");
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        _reading = Task.Run(Read);
        Assert.True(WaitFor(text => text.Contains('\n', StringComparison.Ordinal) && text.Contains(Ready, StringComparison.Ordinal)), "no terminal");
        _device = Sent.Split(Ready)[1].Split('\r')[0];
        Screen = new Screen(width);
    }

    /// <summary>What <see cref="Show"/> has drawn.</summary>
    public Screen Screen { get; }

    /// <summary>Everything that was sent to the terminal.</summary>
    public string Sent
    {
        get
        {
            lock (_turn)
            {
                return _sent.ToString();
            }
        }
    }

    /// <summary>The command's part of it.</summary>
    public string Output => Sent[(Sent.IndexOf(Ready + _device, StringComparison.Ordinal) + Ready.Length + _device.Length + 2)..].Replace(OfDotNet, "", StringComparison.Ordinal);

    public bool WaitFor(Func<string, bool> found) => SpinWait.SpinUntil(() => found(Sent) || _process.HasExited, s_patience) && found(Sent);

    /// <summary>The screen after all that was sent so far.</summary>
    public Screen Show()
    {
        var screen = new Screen(Screen.Width);
        screen.Write(Output);
        return screen;
    }

    /// <summary>Another size, as when a window is dragged.</summary>
    public void Resize(int width, int height)
    {
        using var stty = Process.Start("stty", ["-F", _device, "cols", width.ToString(CultureInfo.InvariantCulture), "rows", height.ToString(CultureInfo.InvariantCulture)]);
        stty.WaitForExit();
        Assert.Equal(0, stty.ExitCode);
    }

    /// <summary>Types a key.</summary>
    public void Type(char key)
    {
        _process.StandardInput.Write(key);
        _process.StandardInput.Flush();
    }

    /// <summary>Waits for the command's end.</summary>
    /// <returns>Its exit code.</returns>
    public int End()
    {
        Assert.True(_process.WaitForExit(s_patience), $"hangs\n{Sent}");
        _reading.Wait();
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private void Read()
    {
        char[] buffer = new char[4096];
        for (int count; (count = _process.StandardOutput.Read(buffer, 0, buffer.Length)) > 0;)
        {
            lock (_turn)
            {
                _sent.Append(buffer, 0, count);
            }
        }
    }
}
