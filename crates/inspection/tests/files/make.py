"""Makes the files in this folder with writers that are not ours.

    pip install xlwt openpyxl msoffcrypto-tool reportlab pypdf cryptography
    python3 make.py [DejaVuSans.ttf]
"""
import io
import sys

import msoffcrypto
import openpyxl
import xlwt
from msoffcrypto.format.ooxml import OOXMLFile
from pypdf import PdfWriter
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen import canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table
from reportlab.lib.styles import ParagraphStyle

NUMBER = "123456789018"


def old_sheet():
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("名簿")
    for column, head in enumerate(["氏名", "個人番号", "備考"]):
        sheet.write(0, column, head)
    sheet.write(1, 0, "山田太郎")
    sheet.write(1, 1, int(NUMBER))
    # So many strings that their table goes on in further records.
    for row in range(2, 900):
        sheet.write(row, 0, f"従業員{row}番の長い名前の欄")
        sheet.write(row, 2, row * 1.5)
    sheet.write(900, 0, "佐藤花子")
    sheet.write(900, 1, "9876-5432-1093")
    book.save("sheet.xls")


def locked_sheet():
    book = openpyxl.Workbook()
    book.active["A1"] = "secret"
    plain = io.BytesIO()
    book.save(plain)
    plain.seek(0)
    with open("locked.xlsx", "wb") as out:
        OOXMLFile(plain).encrypt("password", out)


def pages():
    # A predefined CMap of Japanese, compressed and in ASCII85.
    font = "HeiseiMin-W3"
    pdfmetrics.registerFont(UnicodeCIDFont(font))
    page = canvas.Canvas("charset.pdf")
    page.setFont(font, 12)
    page.drawString(100, 700, "従業員のマイナンバーは1234-5678-9018です。")
    page.drawString(100, 650, "電話番号は03-1234-5678です。")
    page.save()
    rows = [
        ["氏名", "個人番号", "電話"],
        ["山田太郎", NUMBER, "03-1234-5678"],
        ["佐藤花子", "987654321093", "06-9999-0000"],
    ]
    table = Table(rows, style=[("FONT", (0, 0), (-1, -1), font, 10)])
    title = Paragraph("名簿", ParagraphStyle("x", fontName=font, fontSize=10))
    SimpleDocTemplate("table.pdf").build([title, table])
    # Glyphs of an embedded font, which only its own map tells.
    pdfmetrics.registerFont(TTFont("D", sys.argv[1]))
    page = canvas.Canvas("embedded-font.pdf")
    page.setFont("D", 12)
    page.drawString(100, 700, "His My Number is 1234-5678-9018, please.")
    page.save()
    locked = PdfWriter(clone_from="charset.pdf")
    locked.encrypt("pass", algorithm="AES-256")
    locked.write("locked.pdf")
    attached = PdfWriter(clone_from="charset.pdf")
    attached.add_attachment("list.csv", "氏名,個人番号\n山田,987654321093\n".encode())
    attached.compress_identical_objects()
    attached.write("attached.pdf")


old_sheet()
locked_sheet()
pages()
