"""Makes the files in this folder with writers that are not ours.

    pip install xlwt openpyxl msoffcrypto-tool
    python3 make.py
"""
import io

import msoffcrypto
import openpyxl
import xlwt
from msoffcrypto.format.ooxml import OOXMLFile

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


old_sheet()
locked_sheet()
