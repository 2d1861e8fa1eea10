"""The PDF as an archive wants it (PDF/A-2b), checked with pikepdf: metadata, output intent, fonts embedded, nothing active."""

import pikepdf


def test_the_pdf_says_that_it_is_pdf_a_2b(gansu_bulletin):
    with pikepdf.open(gansu_bulletin / "bulletin.pdf") as pdf:
        meta = pdf.open_metadata()
        assert (meta.pdfa_status, pdf.is_encrypted) == ("2B", False)
        assert pdf.Root.OutputIntents[0].S == "/GTS_PDFA1"
        assert pdf.Root.Lang is not None


def test_every_font_is_embedded(gansu_bulletin):
    with pikepdf.open(gansu_bulletin / "bulletin.pdf") as pdf:
        fonts = {id_: f for page in pdf.pages for id_, f in page.Resources.get("/Font", {}).items()}
        descriptors = [
            f.DescendantFonts[0].FontDescriptor if "/DescendantFonts" in f else f.FontDescriptor for f in fonts.values()
        ]
        assert len(descriptors) >= 2
        assert all(any(k in d for k in ("/FontFile", "/FontFile2", "/FontFile3")) for d in descriptors)


def test_nothing_in_it_acts(gansu_bulletin):
    with pikepdf.open(gansu_bulletin / "bulletin.pdf") as pdf:
        assert not {"/OpenAction", "/AA", "/AcroForm"} & set(pdf.Root.keys())
        assert "/JavaScript" not in pdf.Root.get("/Names", {})
        assert pdf.check_pdf_syntax() == []


def test_the_outline_has_the_chapters(gansu_bulletin):
    with pikepdf.open(gansu_bulletin / "bulletin.pdf") as pdf, pdf.open_outline() as outline:
        titles = [item.title for item in outline.root]
    assert "一、总体情况" in " ".join(titles)
