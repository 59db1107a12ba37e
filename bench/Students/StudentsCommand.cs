namespace EdgeVit.Bench;

/// <summary>Writes the table of presets into <c>docs/architectures.md</c>.</summary>
internal static class StudentsCommand
{
    public static int Run()
    {
        if (!File.Exists(StudentTable.Page))
        {
            Console.Error.WriteLine($"{StudentTable.Page} is not here, expected it in the repository's root: go there and run this again.");
            return 2;
        }

        File.WriteAllText(StudentTable.Page, StudentTable.Refresh(File.ReadAllText(StudentTable.Page)));
        Console.WriteLine($"{StudentTable.Page} is written.");
        return 0;
    }
}
