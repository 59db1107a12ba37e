using EdgeVit.Runtime;

namespace EdgeVit.Imaging.Tests;

public class ResamplerTests
{
    /// <summary>Size, new size, filter, and what Pillow 9.4's Image.resize makes of <see cref="Pattern"/>, as base64.</summary>
    public static TheoryData<int, int, int, int, Interpolation, string> PillowResults => new()
    {
        {
            17, 13, 5, 7, Interpolation.Bilinear,
            "ZoKWfIWMcH2GgJJreXNsgoODhoiDgYCDeIiHiZR6go93kIZ6gYZ6iIqAjYqKb4mFhoB6hntxhGiOhIeDjmqLfn6EeIaHhWmWiH2Jn2+Cd4d7hX"
            + "2LhoGNfHN7iX90Z5FxcnilnWyLg2xt"
        },
        {
            17, 13, 5, 7, Interpolation.Bicubic,
            "Y4OVfYaNbXmLg5ZmeG9ogoSDiIeEg3+EdImLiZd6gJJ2koV5gYl2iYp/jYyKaYuEh356iXlwhGWNhIeEkGiOfn6EdoaHhGabin6HpWyCdYh6h3"
            + "6Kh4WMenN8i3xzYpVtcHWuo2uKgGpp"
        },
        {
            5, 7, 11, 9, Interpolation.Bilinear,
            "ADVqBzxxGE2CKF2SOW6jSn+0W5DFbKHWfLHmjcL3lMn+PXKnRHmuV4zBap/FfbKKkMVPo4titlB1i1OIUGabOW6jg7h8jKyEoY6ZrHqijpB3cK"
            + "VMhXphm052fVeMUmyhQHWqkcY0m6w+smlVuDludlGGM2idS4CbY5iZe5ysk5rEnJnOEUZ7HFGGNmugUIW6a6DVhbrvn9SVuu871Kw+7lJY+S5j"
            + "WI3CZJmpgLVrncBAuoJc10V6mWJ9W35/ZoeXg4m0jovAn9R6ksdycKVeXIdUenJzml2Shn1xcZxQhohipmaBslmOkMVPf7RdU4h/N2yZWI2Teq"
            + "+PdapjcKU3ioFJrFVruUR5IleMMGWaVIm+eK3LnNF6wPUqcKVOH1RyLGGWUIW6XpPI"
        },
        {
            5, 7, 11, 9, Interpolation.Bicubic,
            "AC5jADVqEUZ6I1iONGilRXq7VZDNZqfdfrzwlcz/ntL/NWewPHO6TY/YZa3VgcyInNFGu49MyUJrkj+BQl2UJ2ebjc57mLyHtZKlvnqplZdsc6"
            + "g6iXVLpDlxfEKNPWihKXermeMep7sqzF5Dyh9jbzSHIlyiLH+lVZ6jeai4maXTp6XfDEF2GE2CMmecUIW7a6Dmhbrvn+OYuvgy2LEw8khZ/hxo"
            + "S4HjXJW9gsplq9cr2oJG6DhtoEd8SnKIToeleJTFiJrSueV8o9pvb6xNUoBDdl1yl0+Wh3Z0cKRIh49ZrGGBvE6Ro846ib5OSHx/I1mkRYapbr"
            + "WYdL9fdbMnlIM1ukdjyy51EkiJJVqcT4TQfrPYs+h1xfojcqY7EER2F1GhS4vFX6HV"
        },
        {
            32, 32, 8, 8, Interpolation.Bilinear,
            "eYaIgoSEfIWCgIp3g4V+eXR8i4Z4eoSIfYSAh4N8hHp/hoGKiIKGh3uDgHqOfIqFj3Z+dYWChHyMh3aEeHt7fH56enyFgYGFfIF5Z5JrgYp5g3"
            + "l3g4N6dIp2bY5qh3t8eX5+fIiDfY2DfYSBeH2Ad4Z/eoR0g4CDgHiJeIKHeox+dIyIhIWGiYiCgYt/foN6hn+CeX2Dh32ChISAiYp9enWAjZt6"
            + "e3+Jd4Num3CMknd9hneEc2KDsTVfuItKip5/"
        },
        {
            32, 32, 8, 8, Interpolation.Bicubic,
            "eIeJg4OFe4aCf4x1hYZ7d3J7jIh3eIKIfIWBiYJ6g3l+h4KNioKFh3qFf3qTfIyDk3N9cYaDhHqPh3SEdXp4e315enuGgICFfoB5YJVnhIt5hH"
            + "V1hoN5cox1aJFli3h+eH5+foeEe4+DfYWAdnuAc4WAeoRvg3+Hf3aLd4CIeY57bo+KhoKIjYmBgIx+fYN4iICDdH+BiH2Dg4KAiZB9dXSCjqJ6"
            + "dnuNdIVqoG6PlHV6iXeDbGGGuCVbv4xAh6OD"
        },
        {
            1, 9, 4, 4, Interpolation.Bilinear,
            "S4CCS4CCS4CCS4CCW5B6W5B6W5B6W5B6fbJ9fbJ9fbJ9fbJ9jWOYjWOYjWOYjWOY"
        },
        {
            1, 9, 4, 4, Interpolation.Bicubic,
            "SX6BSX6BSX6BSX6BYZZ4YZZ4YZZ4YZZ4d7SBd7SBd7SBd7SBj16Wj16Wj16Wj16W"
        },
        {
            40, 6, 7, 6, Interpolation.Bilinear,
            "YYOdbYB8coBveodwe41we417cIqEfYWJfIaJg41timx0knJ8fXqDfICEhYB7gIOGgIOFf4KDf4GAf3x/c3qKgJCOhIB+bo+KfHdwioV8gX6BnI"
            + "+Bk4V4kYyBno2AgpWNZ5yLaICYb2GWfI1scYNxlIN9iXiKhm2Af5F/hIt0"
        },
        {
            40, 6, 7, 6, Interpolation.Bicubic,
            "YIOfcIB6c4JueIdxeotzfI14cYqFfIWKeoWLg49qimt0lXJ8e3mEe4CEhoF7gYOGgIKDf4CDfn+CfX9/dXuKgY2NgoGAcJWLfHBrhoSAgoGBoI"
            + "5+kol4k4h+nY+EhZWKYp6PbIGWa16XfItscIVwk4B/i3iKhW2CfpB9hI10"
        },
        {
            6, 40, 6, 7, Interpolation.Bilinear,
            "YJR9fXiIfI2Ifox3kHKndqtahHeRhHhtkn+ShXB+i4J2aZ5SkINygoSAdG9xjXyOY419XpNTcImDe2yGfH+BgYl0kWOPUoepj259hIKFjI6JhG"
            + "+CcY9jVnuwb4lvbYd6a35rlXuOk3KLrnClfWeJgYiEdXCBcJJyko92tGOY"
        },
        {
            6, 40, 6, 7, Interpolation.Bicubic,
            "XZV8eXqLfY+If4x2j3Crd6xbhneViHZqlH6SgXB+j4JxaZ5SkoRug4Z+cmxxkXqPXZJ9XZJNbYiFeGuGfH+Bf4t0llyUUIeukmt9hn+IjJGLhG"
            + "2AbpNbUXyzb45sbYp4a39plnyPknCQsnClfWSMgImEdW6Ab5JylI51tWKX"
        },
        {
            9, 9, 1, 1, Interpolation.Bilinear,
            "gIOB"
        },
        {
            9, 9, 1, 1, Interpolation.Bicubic,
            "f4OB"
        },
    };

    [Theory]
    [MemberData(nameof(PillowResults))]
    public void ItAgreesWithPillowToTheLastLevel(int width, int height, int newWidth, int newHeight, Interpolation interpolation, string expected)
    {
        RgbImage resized = Resampler.Resize(Pattern(width, height), newWidth, newHeight, interpolation);
        Assert.Equal((newWidth, newHeight), (resized.Width, resized.Height));
        Assert.Equal(Convert.FromBase64String(expected), resized.Pixels);
    }

    [Theory]
    [InlineData(Interpolation.Bilinear)]
    [InlineData(Interpolation.Bicubic)]
    public void VectorsAndThePlainLoopGiveTheSameBytes(Interpolation interpolation)
    {
        var random = new Random(20230828);
        for (int trial = 0; trial < 60; trial++)
        {
            (int w, int h, int newW, int newH) = (random.Next(1, 90), random.Next(1, 90), random.Next(1, 90), random.Next(1, 90));
            RgbImage image = TestImages.Noise(w, h, trial);
            Assert.Equal(PlainResize(image, newW, newH, interpolation), Resampler.Resize(image, newW, newH, interpolation).Pixels);
        }
    }

    [Fact]
    public void AnImageOfTheRightSizeIsNotResampled()
    {
        RgbImage image = Pattern(7, 5);
        Assert.Same(image, Resampler.Resize(image, 7, 5, Interpolation.Bicubic));
    }

    [Theory]
    [InlineData(Interpolation.Bilinear)]
    [InlineData(Interpolation.Bicubic)]
    public void AWindowHoldsTheSamePixelsAsResizingAndCropping(Interpolation interpolation)
    {
        var random = new Random(7);
        for (int trial = 0; trial < 100; trial++)
        {
            (int w, int h) = (random.Next(1, 60), random.Next(1, 60));
            int newW = random.Next(4) == 0 ? w : random.Next(1, 60), newH = random.Next(4) == 0 ? h : random.Next(1, 60);
            (int left, int top) = (random.Next(newW), random.Next(newH));
            (int cutW, int cutH) = (random.Next(1, newW - left + 1), random.Next(1, newH - top + 1));
            RgbImage image = Pattern(w, h);
            byte[] expected = Resampler.Crop(Resampler.Resize(image, newW, newH, interpolation), left, top, cutW, cutH).Pixels;
            Assert.Equal(expected, Resampler.ResizeWindow(image, newW, newH, interpolation, left, top, cutW, cutH).Pixels);
        }
    }

    [Fact]
    public void APlainColourStaysAsItIs()
    {
        var image = new RgbImage(33, 21);
        for (int i = 0; i < image.Pixels.Length; i += 3)
        {
            (image.Pixels[i], image.Pixels[i + 1], image.Pixels[i + 2]) = (255, 1, 128);
        }

        foreach ((int w, int h) in new[] { (5, 5), (100, 90), (33, 4), (1, 1) })
        {
            byte[] pixels = Resampler.Resize(image, w, h, Interpolation.Bicubic).Pixels;
            for (int i = 0; i < pixels.Length; i += 3)
            {
                Assert.Equal((255, 1, 128), (pixels[i], pixels[i + 1], pixels[i + 2]));
            }
        }
    }

    [Theory]
    [InlineData(0, 5, 0, 0, 1, 1)]
    [InlineData(5, 0, 0, 0, 1, 1)]
    [InlineData(5, 5, -1, 0, 1, 1)]
    [InlineData(5, 5, 0, 5, 1, 1)]
    [InlineData(5, 5, 3, 0, 3, 1)]
    [InlineData(5, 5, 0, 0, 0, 1)]
    [InlineData(5, 5, 2, 0, int.MaxValue, 1)]
    public void ImpossibleSizesAndWindowsAreRefused(int w, int h, int left, int top, int cutW, int cutH) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Resampler.ResizeWindow(Pattern(8, 8), w, h, Interpolation.Bilinear, left, top, cutW, cutH));

    /// <summary>The pattern from which the expected values were made: (37 x + 91 y + 53 c + 7 x y) mod 256.</summary>
    private static RgbImage Pattern(int width, int height)
    {
        var image = new RgbImage(width, height);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                for (int c = 0; c < 3; c++)
                {
                    image.Pixels[(y * width + x) * 3 + c] = (byte)(x * 37 + y * 91 + c * 53 + x * y * 7);
                }
            }
        }

        return image;
    }

    private static byte[] PlainResize(RgbImage image, int width, int height, Interpolation interpolation)
    {
        byte[] rows = image.Pixels;
        if (width != image.Width)
        {
            rows = new byte[3 * width * image.Height];
            var weights = new ResampleWeights(image.Width, width, 0, width, interpolation);
            for (int y = 0; y < image.Height; y++)
            {
                WindowResize.HorizontalRowScalar(image.Pixels.AsSpan(3 * y * image.Width, 3 * image.Width), rows.AsSpan(3 * y * width, 3 * width), weights);
            }
        }
        if (height == image.Height)
        {
            return rows;
        }

        byte[] result = new byte[3 * width * height];
        var vertical = new ResampleWeights(image.Height, height, 0, height, interpolation);
        for (int y = 0; y < height; y++)
        {
            WindowResize.VerticalRowScalar(rows.AsSpan(3 * width * vertical.Starts[y]), result.AsSpan(3 * width * y, 3 * width), vertical.Of(y), 0);
        }

        return result;
    }
}
