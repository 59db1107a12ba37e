namespace EdgeVit.Imaging.Tests;

public sealed class SplitNamesTests
{
    [Theory]
    [InlineData("train", "Train")]
    [InlineData("TRAIN", "Train")]
    [InlineData("training", "Train")]
    [InlineData("training_set", "Train")]
    [InlineData("seg_train", "Train")]
    [InlineData("train2017", "Train")]
    [InlineData("train_images", "Train")]
    [InlineData("TrainImages", "Train")]
    [InlineData("trainset", "Train")]
    [InlineData("images-train.2", "Train")]
    [InlineData("val", "Validation")]
    [InlineData("valid", "Validation")]
    [InlineData("Validation Set", "Validation")]
    [InlineData("dev", "Validation")]
    [InlineData("Test Data", "Test")]
    [InlineData("testing", "Test")]
    [InlineData("eval", "Test")]
    [InlineData("testset", "Test")]
    [InlineData("trains", null)]
    [InlineData("_train_masks", null)]
    [InlineData("train_test", null)]
    [InlineData("steam train", null)]
    [InlineData("images", null)]
    [InlineData("contest", null)]
    [InlineData("1", null)]
    [InlineData("_", null)]
    internal void ANameSaysASplitByItsWords(string name, string? kind) => Assert.Equal(kind, SplitNames.KindOf(name)?.ToString());

    /// <summary>Against forms that Unicode's tables give: letter and mark, two marks in either order, Hangul, kana.</summary>
    [Theory]
    [InlineData("cafe\u0301", "caf\u00E9")]
    [InlineData("caf\u00E9", "caf\u00E9")]
    [InlineData("\u00EA\u0323", "\u1EC7")]
    [InlineData("e\u0302\u0323", "\u1EC7")]
    [InlineData("e\u0323\u0302", "\u1EC7")]
    [InlineData("\u1112\u1161\u11AB", "\uD55C")]
    [InlineData("\uD558\u11AB", "\uD55C")]
    [InlineData("\u304B\u3099", "\u304C")]
    [InlineData("a\u0301\u0301", "\u00E1\u0301")]
    [InlineData("x\u0301/\U0001F600\u0301", "x\u0301/\U0001F600\u0301")]
    [InlineData("\u0301a", "\u0301a")]
    [InlineData("plain", "plain")]
    internal void NamesHaveOneForm(string name, string composed) => Assert.Equal(composed, NormalForm.Compose(name));
}
